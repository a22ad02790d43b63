"""Providers that are reached through pydantic-ai, an optional extra. Import it late."""

import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any, cast, get_args

from pydantic_ai import exceptions as failures
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    PartDeltaEvent,
    PartStartEvent,
    SystemPromptPart,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import KnownModelName, Model, ModelRequestParameters, infer_model
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from chats.providers.base import (
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
    UserText,
)
from chats.providers.catalog import Provider
from chats.providers.config import ProviderConfig
from chats.providers.error_bodies import is_too_long, message_in, read_wait
from chats.providers.errors import AnswerError, Category, Source

from .answer import known_usage, read_args
from .wire_names import write_name

CATEGORIES: tuple[tuple[type[BaseException], Category], ...] = (
    # The order matters: what is special comes before what it is a kind of.
    (failures.ModelContextWindowExceededError, "context"),
    (failures.ModelAuthenticationError, "auth"),
    (failures.ModelNotFoundError, "not_found"),
    (failures.ModelQuotaExceededError, "quota"),
    (failures.ModelRateLimitError, "rate_limit"),
    (failures.ModelUnavailableError, "unavailable"),
    (failures.ModelServerError, "server"),
    (failures.ModelTimeoutError, "timeout"),
    (failures.ModelRequestTimeout, "timeout"),
    (failures.ModelConnectionError, "connection"),
    (failures.ModelRequestRejectedError, "rejected"),
    (failures.ContentFilterError, "filtered"),
    (failures.UserError, "setup"),
)
KEPT_OF_RESPONSE = ("provider_name", "canonical_system")


class PydanticConnection:
    """Asks a model of pydantic-ai's."""

    def __init__(self, model: Model, source: Source, settings: dict[str, Any]) -> None:
        self._model = model
        self._source = source
        self._settings = settings

    async def ask(
        self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        async with model_request_stream(
            self._model,
            to_messages(system, transcript),
            model_settings=cast("ModelSettings", self._settings),
            model_request_parameters=ModelRequestParameters(function_tools=[to_definition(tool) for tool in tools]),
        ) as response:
            async for event in response:
                if (delta := delta_of(event)) is not None:
                    yield delta
            last = list(last_events(response.get()))
        for last_event in last:
            yield last_event

    def explain(self, error: Exception) -> ModelError:
        if isinstance(error, AnswerError):
            return self._source.explain(error)
        category: Category = next((category for kind, category in CATEGORIES if isinstance(error, kind)), "unreadable")
        said = message_in(getattr(error, "body", None))
        if not said and not isinstance(error, failures.ModelHTTPError):
            said = str(getattr(error, "message", "") or error)
        status, wait_s = getattr(error, "status_code", None), getattr(error, "retry_after", None)
        if category in ("rejected", "server", "unreadable") and (status == 413 or is_too_long(said, None, status)):
            category = "context"
        if wait_s is None:
            wait_s = read_wait(said)
        return self._source.explain(AnswerError(category, said, status, wait_s))

    async def aclose(self) -> None:
        async with self._model:  # leaving it closes the HTTP client that pydantic-ai made
            pass


def connect(provider_name: str, provider: Provider, model_name: str, config: ProviderConfig) -> PydanticConnection:
    """A model with the key that pydantic-ai finds in the environment. Raises ModelError not_configured."""
    try:
        model = infer_model(f"{provider_name}:{model_name}")
    except (failures.UserError, ImportError, ValueError) as error:
        problem = ModelError(f"{provider.label} could not be set up: {error}", "not_configured")
    else:
        settings: dict[str, Any] = {"timeout": config.stall_timeout_s}
        if config.max_output_tokens:
            settings["max_tokens"] = config.max_output_tokens
        if provider.obeys_max_retries:
            settings["max_retries"] = 0
        source = Source(provider.label, model_name, model.base_url or "", provider.key, config.secrets())
        return PydanticConnection(model, source, settings)
    raise problem


def known_models(provider_name: str) -> list[str]:
    """The models that pydantic-ai knows of a provider."""
    names: Sequence[str] = get_args(KnownModelName.__value__)
    return [name.partition(":")[2] for name in names if name.startswith(f"{provider_name}:")]


# --- The request ---------------------------------------------------------------------------------------------------


def to_messages(system: str, transcript: Sequence[TranscriptItem]) -> list[ModelMessage]:
    """pydantic-ai's messages for `transcript`; what the user and the tools say in a row is one request."""
    messages: list[ModelMessage] = []
    parts: list[ModelRequestPart] = [SystemPromptPart(system)] if system else []
    for item in transcript:
        if isinstance(item, AssistantText):
            if parts:
                messages.append(ModelRequest(parts=parts))
                parts = []
            messages.append(to_response(item))
        else:
            parts.append(to_request_part(item))
    return [*messages, ModelRequest(parts=parts)] if parts else messages


def to_request_part(item: UserText | ToolOutput) -> ModelRequestPart:
    if isinstance(item, UserText):
        return UserPromptPart(item.content)
    return ToolReturnPart(write_name(item.tool), item.content, item.tool_call_id)


def to_response(item: AssistantText) -> ModelResponse:
    if item.state and (response := recall(item)):
        return response
    parts: list[ModelResponsePart] = [TextPart(item.content)] if item.content else []
    parts += [ToolCallPart(write_name(call.name), call.args, call.id) for call in item.tool_calls]
    return ModelResponse(parts=parts)


def to_definition(tool: ToolSchema) -> ToolDefinition:
    return ToolDefinition(
        name=write_name(tool.name),
        description=tool.description,
        parameters_json_schema=dict(tool.parameters),
        strict=False,
    )


def recall(item: AssistantText) -> ModelResponse | None:
    """The response that `item.state` was made from; None where they do not fit together."""
    calls = {call.id: call for call in item.tool_calls}
    try:
        response = json.loads(item.state or "")
        text = item.content
        for part in response["parts"]:
            if part["part_kind"] == "text":
                part["content"], text = text[: part["content"]], text[part["content"] :]
            elif part["part_kind"] == "tool-call":
                part["args"] = calls.pop(part["tool_call_id"]).args
        if text or calls:
            return None
        (message,) = ModelMessagesTypeAdapter.validate_python([{"kind": "response", **response}])
    except (ValueError, KeyError, TypeError):
        return None
    return message if isinstance(message, ModelResponse) else None


# --- The answer ----------------------------------------------------------------------------------------------------


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


def last_events(response: ModelResponse) -> Iterator[ModelEvent]:
    """The calls and the end of the step. Raises AnswerError where the provider refused or was cut off."""
    details = response.provider_details or {}
    if response.finish_reason == "content_filter":
        raise AnswerError("filtered", str(details.get("refusal") or ""))
    if response.finish_reason is None and not details.get("finish_reason"):
        raise AnswerError("cut_off")
    for part in response.parts:
        if isinstance(part, ToolCallPart):
            yield ToolCall(part.tool_call_id, part.tool_name, read_args(part.args))
    yield StepEnd(to_usage(response.usage), response.finish_reason or "unknown", state_of(response))


def to_usage(usage: RequestUsage) -> Usage:
    return known_usage(
        Usage(
            prompt_tokens=usage.input_tokens,
            completion_tokens=usage.output_tokens,
            cache_tokens=usage.cache_read_tokens,
            reasoning_tokens=usage.details.get("reasoning_tokens"),
            cache_write_tokens=usage.cache_write_tokens,
        )
    )


def state_of(response: ModelResponse) -> str | None:
    """The parts of `response` without what the transcript holds anyway; None if that leaves nothing of use."""
    if not any(_is_particular(part) for part in response.parts):
        return None
    dumped = ModelMessagesTypeAdapter.dump_python([response], mode="json")[0]
    parts = [{name: value for name, value in part.items() if value is not None} for part in dumped["parts"]]
    for part in parts:
        if part["part_kind"] == "text":
            part["content"] = len(part["content"])
        elif part["part_kind"] == "tool-call":
            part.pop("args", None)
    return json.dumps({"parts": parts, **{name: dumped[name] for name in KEPT_OF_RESPONSE}}, separators=(",", ":"))


def _is_particular(part: ModelResponsePart) -> bool:
    return isinstance(part, ThinkingPart) or bool(getattr(part, "provider_details", None))
