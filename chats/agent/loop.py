"""Asks the model, runs the tools it calls and tells it the results, until it calls none. The loop knows no
Django: the model, the tools, the recorder and the hooks are given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from chats.providers.base import (
    AssistantText,
    Model,
    ModelError,
    ReasoningDelta,
    StepEnd,
    TextDelta,
    ToolCall,
    ToolOutput,
    ToolSchema,
    TranscriptItem,
    UserText,
    provider_of,
)
from tools.base import ToolResult

from .limits import check_length, limit_calls
from .normalize import normalize_call
from .stuck import Repetition, StuckDetector


class LimitReached(Exception):
    """Ends a turn that went on for too long or in circles. The text says so to the person."""


@dataclass(frozen=True)
class Answer:
    """Holds what the model said in one step."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    end: StepEnd


class StepRecorder(Protocol):
    """Records the model's steps as they happen."""

    async def start_step(self) -> None: ...
    def append_delta(self, delta: TextDelta | ReasoningDelta) -> None: ...
    async def finish_step(self, answer: Answer, fault: ModelError | None = None) -> None:
        """Records the whole answer; with a `fault` it is one that can't be gone on from."""
        ...


class Tools(Protocol):
    """Runs the model's calls and records them."""

    @property
    def schemas(self) -> Sequence[ToolSchema]: ...

    async def run(self, call: ToolCall, repetition: Repetition) -> ToolResult:
        """Gives the call's result. What a tool or the model did wrong is a result with an error, not an exception."""
        ...


class Hooks(Protocol):
    """Is called between the steps."""

    async def before_step(self, transcript: list[TranscriptItem]) -> None:
        """Is called before each request to the model; it may shorten the transcript."""
        ...

    async def on_overflow(self, transcript: list[TranscriptItem]) -> bool:
        """Is called when the provider says that the context is too long; True asks again with what is left of it."""
        ...

    async def on_idle(self) -> str | None:
        """Is called when the model calls no more tools; a text is told to the model, which then goes on."""
        ...


class Agent:
    """Works on one turn."""

    def __init__(
        self, model: Model, tools: Tools, recorder: StepRecorder, hooks: Hooks, system: str, max_steps: int
    ) -> None:
        self.model = model
        self.tools = tools
        self.recorder = recorder
        self.hooks = hooks
        self.system = system
        self.max_steps = max_steps
        self.stuck = StuckDetector()
        self.call_ids: set[str] = set()

    async def run(self, transcript: list[TranscriptItem], pending: Sequence[ToolCall] = ()) -> None:
        """Works until the model calls no more tools. `pending` are calls of the last step that have not run yet.

        Raises ModelError and LimitReached.
        """
        self.call_ids = {item.id for said in transcript if isinstance(said, AssistantText) for item in said.tool_calls}
        await self.run_tools(transcript, pending)
        for _ in range(self.max_steps):
            # A turn that was taken over after the model's last answer has that in its transcript already.
            if not _has_last_answer(transcript):
                answer = await self.step(transcript)
                await self.run_tools(transcript, answer.tool_calls)
                if answer.tool_calls:
                    continue
            instruction = await self.hooks.on_idle()
            if instruction is None:
                return
            transcript.append(UserText(instruction))
        raise LimitReached(f"Stopped after {self.max_steps} steps. Write “go on” to let it continue.")

    async def step(self, transcript: list[TranscriptItem]) -> Answer:
        """Asks the model once and records its answer."""
        await self.hooks.before_step(transcript)
        await self.recorder.start_step()
        try:
            answer = await self.query(transcript)
        except ModelError as error:
            if error.reason != "context_length" or not await self.hooks.on_overflow(transcript):
                raise
            answer = await self.query(transcript)
        fault = find_fault(answer)
        await self.recorder.finish_step(answer, fault)
        if fault is not None:
            raise fault
        made_by = provider_of(self.model.name)
        transcript.append(AssistantText(answer.text, answer.tool_calls, answer.end.state, made_by))
        if stop := self.stuck.check_answer(answer.text, len(answer.tool_calls)):
            raise LimitReached(stop)
        return answer

    async def query(self, transcript: Sequence[TranscriptItem]) -> Answer:
        """Streams one answer of the model. Raises ModelError, also where the stream ends before the answer does."""
        text: list[str] = []
        calls: list[ToolCall] = []
        chars = 0
        async for event in self.model.stream(self.system, transcript, self.tools.schemas):
            match event:
                case TextDelta() | ReasoningDelta():
                    self.recorder.append_delta(event)
                    chars += len(event.content)
                    check_length(chars)
                    if isinstance(event, TextDelta):
                        text.append(event.content)
                case ToolCall():
                    call = normalize_call(event, self.call_ids)
                    self.call_ids.add(call.id)
                    calls.append(call)
                case StepEnd():
                    end = replace(event, usage=event.usage.plausible())
                    return Answer("".join(text), limit_calls(calls, end.finish_reason), end)
        raise ModelError("The model's answer broke off before its end. Send the message again.", "bad_response")

    async def run_tools(self, transcript: list[TranscriptItem], calls: Sequence[ToolCall]) -> None:
        """Runs a step's calls one after the other and adds their results to the transcript. Raises LimitReached."""
        for call in calls:
            repetition = self.stuck.check_call(call)
            if repetition.stop:
                raise LimitReached(repetition.stop)
            result = await self.tools.run(call, repetition)
            self.stuck.record_call(call, result, refused=bool(repetition.refusal))
            made_by = provider_of(self.model.name)
            transcript.append(ToolOutput(call.id, call.name, result.output, bool(result.error), made_by))


AGAIN = "Ask again, or choose another model."
NOTHING_SAID = {
    "length": "The model reached its limit of output before it said anything. Ask for less at once, or less thinking.",
    "tool_call": f"The model announced a tool call and sent none. {AGAIN}",
    "error": f"The provider broke the model's answer off. {AGAIN}",
}


def find_fault(answer: Answer) -> ModelError | None:
    """Gives what is wrong with an answer that ended as if it were whole: it says nothing and calls nothing, or the
    provider itself says that it failed."""
    finish = answer.end.finish_reason
    if answer.tool_calls or (answer.text.strip() and finish != "error"):
        return None
    return ModelError(NOTHING_SAID.get(finish, f"The model answered nothing. {AGAIN}"), "empty")


def _has_last_answer(transcript: Sequence[TranscriptItem]) -> bool:
    last = transcript[-1] if transcript else None
    return isinstance(last, AssistantText) and not last.tool_calls
