"""The agent: ask the model, run the tools it calls, tell it the results, until it calls none. No Django here: the
model, the tools and the journal that keeps what happens are given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tools.base import ToolResult

from .providers.base import (
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
)
from .tool_calls import fit

WARN_AT_REPEATS = 3
STOP_AT_REPEATS = 6


class LimitReached(Exception):
    """The agent went on for too long; the text says so to the person."""


@dataclass(frozen=True)
class Answer:
    """What the model said in one step."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    end: StepEnd


class Journal(Protocol):
    """Keeps what happens, as it happens. `call_started` returns only once the call is on record."""

    async def step_started(self) -> None: ...
    def said(self, delta: TextDelta | ReasoningDelta) -> None: ...
    async def step_finished(self, answer: Answer) -> None: ...
    async def call_started(self, call: ToolCall) -> None: ...
    async def call_finished(self, call: ToolCall, result: ToolResult) -> None: ...


class Toolbox(Protocol):
    @property
    def schemas(self) -> Sequence[ToolSchema]: ...

    async def before(self, call: ToolCall) -> None:
        """The call is about to be recorded and run."""
        ...

    async def run(self, call: ToolCall) -> ToolResult:
        """Never raises for what a tool or the model did wrong: that is a result with an error."""
        ...

    async def objection(self) -> str:
        """The model would stop: why it should not yet; empty where it may."""
        ...


class Agent:
    def __init__(self, model: Model, toolbox: Toolbox, journal: Journal, system: str, max_steps: int) -> None:
        self.model = model
        self.toolbox = toolbox
        self.journal = journal
        self.system = system
        self.max_steps = max_steps
        self.repeats = 0
        self.last_call: tuple[str, object] | None = None
        self.last_output = ""
        self.call_ids: set[str] = set()

    async def run(self, transcript: list[TranscriptItem], pending: Sequence[ToolCall] = ()) -> None:
        """Work until the model calls no more tools. `pending` are calls of the last step that have not run yet.

        Raises ModelError and LimitReached.
        """
        self.call_ids = {item.id for said in transcript if isinstance(said, AssistantText) for item in said.tool_calls}
        await self.run_tools(transcript, pending)
        for _ in range(self.max_steps):
            # Taken over after its last word, a turn has that in the transcript already.
            if not _is_at_its_end(transcript):
                answer = await self.step(transcript)
                await self.run_tools(transcript, answer.tool_calls)
                if answer.tool_calls:
                    continue
            objection = await self.toolbox.objection()
            if not objection:
                return
            transcript.append(UserText(objection))
        raise LimitReached(f"Stopped after {self.max_steps} steps. Write “go on” to let it continue.")

    async def step(self, transcript: list[TranscriptItem]) -> Answer:
        await self.journal.step_started()
        answer = await self.query(transcript)
        await self.journal.step_finished(answer)
        transcript.append(AssistantText(answer.text, answer.tool_calls, answer.end.state))
        return answer

    async def query(self, transcript: Sequence[TranscriptItem]) -> Answer:
        text: list[str] = []
        calls: list[ToolCall] = []
        async for event in self.model.stream(self.system, transcript, self.toolbox.schemas):
            match event:
                case TextDelta() | ReasoningDelta():
                    self.journal.said(event)
                    if isinstance(event, TextDelta):
                        text.append(event.content)
                case ToolCall():
                    call = fit(event, self.call_ids)
                    self.call_ids.add(call.id)
                    calls.append(call)
                case StepEnd():
                    return Answer("".join(text), tuple(calls), replace(event, usage=event.usage.plausible()))
        raise ModelError("The model's answer broke off before its end. Send the message again.", "bad_response")

    async def run_tools(self, transcript: list[TranscriptItem], calls: Sequence[ToolCall]) -> None:
        for call in calls:
            self.count_repeats(call)
            await self.toolbox.before(call)
            await self.journal.call_started(call)
            result = await self.toolbox.run(call) if self.repeats < WARN_AT_REPEATS else self.refusal(call)
            if self.repeats < WARN_AT_REPEATS and result.output != self.last_output:
                self.repeats = 0  # something changed: looking again is no idling
            self.last_output = result.output
            await self.journal.call_finished(call, result)
            transcript.append(ToolOutput(call.id, call.name, result.output))

    def count_repeats(self, call: ToolCall) -> None:
        same = (call.name, call.args) == self.last_call
        self.repeats = self.repeats + 1 if same else 0
        self.last_call = (call.name, call.args)
        if self.repeats >= STOP_AT_REPEATS:
            raise LimitReached(
                f"Stopped: the model called {call.name} with the same arguments {self.repeats + 1} times."
            )

    def refusal(self, call: ToolCall) -> ToolResult:
        text = (
            f"Not run: {call.name} was called with the same arguments {self.repeats} times in a row. Try another way."
        )
        return ToolResult(output=text, error=text, status="error")


def _is_at_its_end(transcript: Sequence[TranscriptItem]) -> bool:
    last = transcript[-1] if transcript else None
    return isinstance(last, AssistantText) and not last.tool_calls
