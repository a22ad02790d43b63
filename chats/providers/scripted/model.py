"""A model that plays a script (its words are in `format.py`): for tests, and for a first look without a key."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..base import (
    AssistantText,
    ModelError,
    ModelEvent,
    ReasoningDelta,
    StepEnd,
    TextDelta,
    ToolCall,
    ToolOutput,
    ToolSchema,
    TranscriptItem,
    Usage,
)
from ..config import ProviderConfig
from .demo import demo_step
from .format import Call, Expect, Fail, Reasoning, ScriptItem, Spend, Steps, Text, Wait, broken, position, read_script

FILE_NAME = re.compile(r"[\w-]+")
CHARACTERS_PER_TOKEN = 4
PIECES = re.compile(r"\s*\S+\s*?|\s+")

NextStep = Callable[[Sequence[TranscriptItem]], Sequence[ScriptItem]]


class ScriptedModel:
    """Plays what `next_step` says for a transcript. It holds no state: the transcript is all there is."""

    def __init__(
        self, name: str, next_step: NextStep, context_window: int | None = None, pace_ms: float | None = None
    ) -> None:
        self.name = name
        self.context_window = context_window
        self._next_step = next_step
        self._pace_ms = pace_ms

    @classmethod
    def of(cls, items: Any, name: str = "scripted:test", context_window: int | None = None) -> "ScriptedModel":
        """A model that plays `items`, the parsed JSON of a script. Raises ModelError where they are none."""
        steps = read_script(name, items)
        return cls(name, lambda transcript: _step_of(name, steps, transcript), context_window)

    async def stream(
        self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]
    ) -> AsyncIterator[ModelEvent]:
        """See `Model.stream`. Tool calls come at the end of the step, whatever follows them in the script."""
        step = sum(isinstance(item, AssistantText) for item in transcript)
        calls: list[ToolCall] = []
        usage = Usage(prompt_tokens=_tokens(_request_length(system, transcript, tools)))
        said = thought = 0
        for item in self._next_step(transcript):
            match item:
                case Text():
                    async for piece in self._paced(item.text, item.chunk, item.delay_ms):
                        said += len(piece)
                        yield TextDelta(piece)
                case Reasoning():
                    async for piece in self._paced(item.reasoning, item.chunk, item.delay_ms):
                        thought += len(piece)
                        yield ReasoningDelta(piece)
                case Call():
                    calls.append(ToolCall(f"call_{step}_{len(calls)}", item.tool, item.args))
                case _:
                    usage = await _do(item, transcript, usage)
        for call in calls:
            yield call
        said += sum(len(call.name) + len(json.dumps(call.args)) for call in calls)
        yield StepEnd(_completed(usage, said, thought), "tool_call" if calls else "stop")

    async def _paced(self, text: str, chunk: int | None, delay_ms: float) -> AsyncIterator[str]:
        delay_s = (delay_ms if self._pace_ms is None else self._pace_ms) / 1000
        for piece in _pieces(text, chunk, by_word=self._pace_ms is not None):
            if delay_s:
                await asyncio.sleep(delay_s)
            yield piece

    async def aclose(self) -> None:
        """Nothing to close."""


def _pieces(text: str, chunk: int | None, by_word: bool) -> Iterator[str]:
    if by_word:
        yield from PIECES.findall(text)
    else:
        size = chunk or max(1, len(text))
        yield from (text[start : start + size] for start in range(0, len(text), size))


async def _do(item: ScriptItem, transcript: Sequence[TranscriptItem], usage: Usage) -> Usage:
    """The items that say nothing. Answers with the usage as it is then."""
    match item:
        case Wait():
            await asyncio.sleep(item.wait_s)
        case Fail():
            raise ModelError(item.error.message, item.error.reason, item.error.retry_after_s)
        case Expect():
            _check(item.expect, transcript)
        case Spend():
            return replace(usage, **item.usage.model_dump(exclude_none=True))
    return usage


def _check(expected: str, transcript: Sequence[TranscriptItem]) -> None:
    output = next((item.content for item in reversed(transcript) if isinstance(item, ToolOutput)), None)
    if output is None or expected not in output:
        got = "there is none" if output is None else f"it is: {output[:500]}"
        raise ModelError(f"The script expects {expected!r} in the last tool output, but {got}", "bad_response")


def _step_of(name: str, steps: Steps, transcript: Sequence[TranscriptItem]) -> Sequence[ScriptItem]:
    index = position(steps, transcript)
    if index < len(steps):
        return steps[index]
    text = f"The script `{name}` is at its end: this chat has played its {len(steps)} steps. Start a new session to "
    return [Text(text=text + "play it again, or choose another model.")]


def _request_length(system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]) -> int:
    length = len(system) + sum(len(tool.name) + len(tool.description) + len(str(tool.parameters)) for tool in tools)
    for item in transcript:
        length += len(item.content)
        if isinstance(item, AssistantText):
            length += sum(len(call.name) + len(str(call.args)) for call in item.tool_calls)
    return length


def _completed(usage: Usage, said: int, thought: int) -> Usage:
    """`usage` with an honest estimate where the script gives no number."""
    if usage.completion_tokens is None:
        usage = replace(usage, completion_tokens=_tokens(said + thought))
    if usage.reasoning_tokens is None:
        usage = replace(usage, reasoning_tokens=_tokens(thought))
    return usage if usage.cache_tokens is not None else replace(usage, cache_tokens=0)


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


# --- Opening by name ---------------------------------------------------------------------------------


def open_scripted(name: str, config: ProviderConfig) -> ScriptedModel:
    """`demo`, or NAME.json in `config.scripts_dir`. Raises ModelError where there is none, or it cannot be read."""
    if name == "demo":
        return ScriptedModel("scripted:demo", demo_step, pace_ms=config.demo_delay_ms)
    if config.scripts_dir is None or not FILE_NAME.fullmatch(name):
        raise _unknown(name, config)
    try:
        script = json.loads((config.scripts_dir / f"{name}.json").read_bytes())
    except OSError:
        raise _unknown(name, config) from None
    except ValueError as error:
        raise broken(name, f"it is no JSON ({error})") from None
    window = None
    if isinstance(script, dict):
        window, script = script.get("context_window"), script.get("script")
    return ScriptedModel.of(script, f"scripted:{name}", window)


def script_names(config: ProviderConfig) -> list[str]:
    return sorted(path.stem for path in config.scripts_dir.glob("[!.]*.json")) if config.scripts_dir else []


def _unknown(name: str, config: ProviderConfig) -> ModelError:
    names = ", ".join(["demo", *script_names(config)])
    where = f"put {name}.json into {config.scripts_dir}" if config.scripts_dir else "set BOOCODE_SCRIPTS_DIR"
    return ModelError(f"There is no script {name!r}. There is: {names}. To add one, {where}.", "unknown_model")
