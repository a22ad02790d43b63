"""A pydantic-ai response stream as our events. Imports pydantic-ai: load it late."""

from collections.abc import AsyncIterator, Iterator

from pydantic_ai.messages import (
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
)
from pydantic_ai.models import StreamedResponse

from .base import ModelEvent, ReasoningDelta, StepEnd, TextDelta
from .errors import Source
from .mapping import state_of, to_tool_call, to_usage


async def deltas_of(response: StreamedResponse) -> AsyncIterator[TextDelta | ReasoningDelta]:
    """What the model says, the moment it comes."""
    async for event in response:
        if (delta := delta_of(event)) is not None:
            yield delta


def delta_of(event: object) -> TextDelta | ReasoningDelta | None:
    match event:
        case PartDeltaEvent(delta=TextPartDelta(content_delta=text)) | PartStartEvent(part=TextPart(content=text)):
            return TextDelta(text) if text else None
        case (
            PartDeltaEvent(delta=ThinkingPartDelta(content_delta=text))
            | PartStartEvent(part=ThinkingPart(content=text))
        ):
            return ReasoningDelta(text) if text else None
    return None


def last_events(response: ModelResponse, source: Source) -> Iterator[ModelEvent]:
    """The calls and the end of the step, from the whole answer: so no call is ever half of one.

    Raises ModelError where the provider refused or was cut off.
    """
    usage = to_usage(response.usage)
    details = response.provider_details or {}
    if response.finish_reason == "content_filter":
        raise source.refusal(str(details.get("refusal") or ""))
    # A proxy that loses its provider closes the answer as if it were whole. Servers of the chat completions kind that
    # leave the finish reason out, for which pydantic-ai fills in one, still end with the usage that was asked for.
    if not details.get("finish_reason") and (response.finish_reason is None or usage.prompt_tokens is None):
        raise source.cut_off()
    yield from (to_tool_call(part) for part in response.parts if isinstance(part, ToolCallPart))
    yield StepEnd(usage, response.finish_reason or "unknown", state_of(response))
