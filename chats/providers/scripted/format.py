"""The words a script is written in, and where in it a chat stands. Pure.

A script is a JSON list for a whole chat, or an object `{"context_window": n, "script": [...]}`. Its items:

    {"text": "…", "chunk": 8, "delay_ms": 5}    the answer, in pieces of 8 characters, 5 ms before each
    {"reasoning": "…"}                          the same, as reasoning
    {"tool": "read_file", "args": {…}}          a tool call; several in a row are one step's parallel calls
    {"wait_s": 1.5}                             silence
    {"error": {"reason": "rate_limit", "message": "…"}}      the step fails here
    {"usage": {"prompt_tokens": 10}}            what the step reports instead of the estimate
    {"expect": "…"}                             fails unless the last tool output contains this
    {"step": true}                              the step ends here
    {"repeat": 3, "of": [...]}                  the items again and again; {i} in their texts is 0, 1, 2

A step also ends where tool calls are followed by anything else. Where a chat stands in its script is read off the
transcript alone, so it goes on after a restart, and a step that was cut is said again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..base import AssistantText, ModelError, Reason, TranscriptItem, UserText

MOST_ITEMS = 100_000


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paced(Item):
    chunk: int | None = Field(None, gt=0)
    delay_ms: float = Field(0, ge=0)


class Text(Paced):
    text: str


class Reasoning(Paced):
    reasoning: str


class Call(Item):
    tool: str
    args: dict[str, Any] | str = Field(default_factory=dict)


class Wait(Item):
    wait_s: float = Field(ge=0)


class Problem(Item):
    reason: Reason = "overloaded"
    message: str = "The script says that the model fails here."
    retry_after_s: float | None = None


class Fail(Item):
    error: Problem


class Spent(Item):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cache_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_write_tokens: int | None = None


class Spend(Item):
    usage: Spent


class Expect(Item):
    expect: str


class EndStep(Item):
    step: Literal[True]


class Repeat(Item):
    repeat: int = Field(ge=0)
    of: list[ScriptItem]


ScriptItem = Text | Reasoning | Call | Wait | Fail | Spend | Expect | EndStep | Repeat
Steps = tuple[tuple[ScriptItem, ...], ...]

_ITEMS: TypeAdapter[list[ScriptItem]] = TypeAdapter(list[ScriptItem])


def read_script(name: str, items: Any) -> Steps:
    """The steps of a script, from its parsed JSON. Raises ModelError that names the first item it cannot read."""
    try:
        read = _ITEMS.validate_python(items)
    except ValidationError as error:
        where = next((str(part) for part in error.errors()[0]["loc"] if isinstance(part, int)), "")
        problem = f"item {where} is none of text, reasoning, tool, wait_s, error, usage, expect, step, repeat"
        raise broken(name, problem if where else "it is no list of items") from None
    flat = list(_unrolled(read))
    if len(flat) > MOST_ITEMS:
        raise broken(name, f"it has more than {MOST_ITEMS} items")
    return tuple(_steps(flat))


def broken(name: str, problem: str) -> ModelError:
    return ModelError(f"The script {name!r} cannot be read: {problem}. Correct it and try again.", "not_configured")


def _unrolled(items: Sequence[ScriptItem]) -> Iterator[ScriptItem]:
    for item in items:
        if isinstance(item, Repeat):
            for number in range(item.repeat):
                yield from _unrolled(_numbered(item.of, number))
        else:
            yield item


def _numbered(items: Sequence[ScriptItem], number: int) -> list[ScriptItem]:
    """The items with {i} filled in, but not in a repeat inside of this one, which counts for itself."""
    return [item if isinstance(item, Repeat) else _filled(item, number) for item in items]


def _filled(item: ScriptItem, number: int) -> ScriptItem:
    return type(item).model_validate(_fill(item.model_dump(exclude_unset=True), str(number)))


def _fill(value: Any, number: str) -> Any:
    if isinstance(value, str):
        return value.replace("{i}", number)
    if isinstance(value, dict):
        return {key: _fill(inner, number) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, number) for inner in value]
    return value


def _steps(items: Sequence[ScriptItem]) -> Iterator[tuple[ScriptItem, ...]]:
    step: list[ScriptItem] = []
    for item in items:
        ends = isinstance(item, EndStep)
        if step and (ends or (isinstance(step[-1], Call) and not isinstance(item, Call | Spend))):
            yield tuple(step)
            step = []
        if not ends:
            step.append(item)
    if step:
        yield tuple(step)


def position(steps: Steps, transcript: Sequence[TranscriptItem]) -> int:
    """The index of the step that continues `transcript`.

    Every step the model has finished counts. A step that was cut is not in the transcript, so it comes again; one that
    the script makes fail is left behind once the person has written again.
    """
    done = 0
    before: TranscriptItem | None = None
    for item in transcript:
        if isinstance(item, AssistantText):
            done += 1
        elif isinstance(item, UserText) and before is not None and not isinstance(before, AssistantText):
            done += _fails(steps, done)
        before = item
    return done


def _fails(steps: Steps, index: int) -> bool:
    return index < len(steps) and any(isinstance(item, Fail | Expect) for item in steps[index])
