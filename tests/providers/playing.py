"""Ways to ask a model in a test."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chats.providers.base import (
    AssistantText,
    Model,
    ModelError,
    ModelEvent,
    ReasoningDelta,
    StepEnd,
    TextDelta,
    ToolCall,
    ToolSchema,
    TranscriptItem,
    UserText,
)

CANARY = "sk-canary-4f1d9a7e77"
SYSTEM = "You are a coding agent."
PATH = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
TOOLS = [ToolSchema("read_file", "Read a file.", PATH), ToolSchema("list_files", "List a folder.", PATH)]
HELLO: list[TranscriptItem] = [UserText("Hello")]


@dataclass
class Played:
    """A whole step; `error` where it ended in one."""

    events: list[ModelEvent] = field(default_factory=list)
    error: ModelError | None = None

    @property
    def texts(self) -> list[str]:
        return [event.content for event in self.events if isinstance(event, TextDelta)]

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def reasoning(self) -> str:
        return "".join(event.content for event in self.events if isinstance(event, ReasoningDelta))

    @property
    def calls(self) -> list[ToolCall]:
        return [event for event in self.events if isinstance(event, ToolCall)]

    @property
    def end(self) -> StepEnd:
        end = self.events[-1]
        assert isinstance(end, StepEnd)
        return end

    @property
    def failure(self) -> ModelError:
        assert self.error is not None, "the step did not fail"
        return self.error

    def as_item(self) -> AssistantText:
        return AssistantText(self.text, tuple(self.calls), self.end.state)


async def play(
    model: Model,
    transcript: Sequence[TranscriptItem] = HELLO,
    tools: Sequence[ToolSchema] = TOOLS,
    system: str = SYSTEM,
) -> Played:
    played = Played()
    try:
        async for event in model.stream(system, transcript, tools):
            played.events.append(event)
    except ModelError as error:
        played.error = error
    return played
