"""What the agent says to a model and hears from it: plain values, no SDK. Pure."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Protocol

MAX_TOKENS = 1_000_000_000

# --- What the model is told ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `args` is a str where the model's text was no JSON object. `refusal` says to the model
    why the call can't run, where it was cut or is too much."""

    id: str
    name: str
    args: dict[str, Any] | str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class UserText:
    content: str


@dataclass(frozen=True, slots=True)
class AssistantText:
    """One finished step of the model. `state` is the `StepEnd.state` that came with it, handed back untouched.
    `made_by` is the provider's name, empty where unknown."""

    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    state: str | None = None
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a call gave; `made_by` is the name of the provider whose model made the call."""

    tool_call_id: str
    tool: str
    content: str
    is_error: bool = False
    made_by: str = ""


TranscriptItem = UserText | AssistantText | ToolOutput


@dataclass(frozen=True, slots=True)
class ToolSchema:
    """`parameters` is the JSON schema of the arguments object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


# --- What the model answers ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextDelta:
    content: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request; None where the provider did not say. `prompt_tokens` counts cached ones too,
    `cache_tokens` are those read from the provider's cache, `cache_write_tokens` those written to it."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cache_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_write_tokens: int | None = None

    def plausible(self) -> "Usage":
        """Without counts that can't be: below zero, or larger than any context; a server made them up."""
        counts = {field.name: getattr(self, field.name) for field in fields(self)}
        return Usage(**{name: n if n is not None and 0 <= n <= MAX_TOKENS else None for name, n in counts.items()})


@dataclass(frozen=True, slots=True)
class StepEnd:
    """The last event of a step. `finish_reason`: stop, length, tool_call, content_filter, error, unknown, or unstated
    where the answer's end came without one.

    `state` is opaque: what this provider wants to see again with this step (signed reasoning, mostly), as text to be
    kept with the message and given back in `AssistantText.state`. None where there is nothing to keep.
    """

    usage: Usage = field(default_factory=Usage)
    finish_reason: str = "stop"
    state: str | None = None


ModelEvent = TextDelta | ReasoningDelta | ToolCall | StepEnd

Reason = Literal[
    "auth",
    "rate_limit",
    "overloaded",
    "context_length",
    "network",
    "timeout",
    "bad_response",
    "unknown_model",
    "not_configured",
    "refused",
    "empty",
]


def provider_of(model: str) -> str:
    """The provider's name in a model's, as in `ollama:qwen3:8b`."""
    return model.partition(":")[0] if ":" in model else ""


class ModelError(Exception):
    """A model could not answer. `message` is a sentence for the person that says what to do; it holds no secret."""

    def __init__(self, message: str, reason: Reason, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason: Reason = reason
        self.retry_after_s = retry_after_s


class Model(Protocol):
    """Something that continues a transcript. One model may serve several chats at once."""

    @property
    def name(self) -> str:
        """As in `openai:gpt-5`."""
        ...

    @property
    def context_window(self) -> int | None:
        """In tokens; None where unknown."""
        ...

    def stream(
        self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]
    ) -> AsyncIterator[ModelEvent]:
        """One step: deltas as they come, then the tool calls, then one `StepEnd`.

        Raises ModelError, also after deltas; what was yielded until then is what the model said.
        """
        ...

    async def aclose(self) -> None: ...
