"""How a model is reached through pydantic-ai, whatever its kind. Imports pydantic-ai: load it late."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, cast

from pydantic_ai.direct import model_request_stream
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import Model as PydanticModel
from pydantic_ai.models import ModelRequestParameters, infer_model
from pydantic_ai.settings import ModelSettings

from .ahead import Ahead, current
from .base import ModelError, ModelEvent, ToolSchema, TranscriptItem
from .config import ProviderConfig
from .errors import Source
from .mapping import to_messages, to_tool_definitions
from .registry import PROVIDERS, Provider, split_name
from .response import deltas_of, last_events

Open = Callable[[str, Provider, str, ProviderConfig], "Connection"]


class Connection:
    """A pydantic-ai model, where it lives, and what is asked of it each time."""

    def __init__(
        self,
        model: PydanticModel,
        source: Source,
        settings: Mapping[str, Any],
        close: Callable[[], Awaitable[Any]],
    ) -> None:
        self.model = model
        self.source = source
        self.settings = settings
        self.aclose = close

    async def ask(
        self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]
    ) -> AsyncIterator[ModelEvent]:
        """One request. Raises what pydantic-ai and the SDKs raise; `source.explain` has the words for it."""
        # In a task of its own: text is told (see `ahead`) while the SDK waits for more.
        said: asyncio.Queue[ModelEvent | None] = asyncio.Queue()
        asking = asyncio.create_task(self._ask(said.put_nowait, system, transcript, tools))
        asking.add_done_callback(lambda _: said.put_nowait(None))
        try:
            while (event := await said.get()) is not None:
                yield event
            await asking
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask(
        self,
        tell: Callable[[ModelEvent], None],
        system: str,
        transcript: Sequence[TranscriptItem],
        tools: Sequence[ToolSchema],
    ) -> None:
        told = Ahead(tell)
        current.set(told)  # for the sockets, see `network`
        messages, settings = self.prepare(system, transcript)
        async with model_request_stream(
            self.model,
            messages,
            model_settings=cast("ModelSettings", settings),
            model_request_parameters=ModelRequestParameters(function_tools=to_tool_definitions(tools)),
        ) as response:
            async for delta in deltas_of(response):
                told.passed_on(delta)
            last = list(last_events(response.get(), self.source))
        # Said when the answer is over and its connection is free: nobody may ask for more after the end of a step.
        for event in last:
            tell(event)

    def prepare(self, system: str, transcript: Sequence[TranscriptItem]) -> tuple[list[ModelMessage], dict[str, Any]]:
        """What this request says, and the settings it goes out with."""
        return to_messages(system, transcript), dict(self.settings)


def connect(name: str, config: ProviderConfig) -> Connection:
    """Make ready what the model `name` needs; nothing is sent yet. Slow: it imports the SDK of that kind only.

    Raises ModelError not_configured where a key or a package is missing.
    """
    provider_name, model_name = split_name(name)
    provider = PROVIDERS[provider_name]
    try:
        return opener(provider)(provider_name, provider, model_name, config)
    except (UserError, ImportError, ValueError) as error:
        problem = ModelError(f"{provider.label} could not be set up: {error}", "not_configured")
    raise problem


def opener(provider: Provider) -> Open:
    match provider.kind:
        case "openai":
            return import_module(f"{__package__}.openai_connections").open_openai
        case "local":
            return import_module(f"{__package__}.openai_connections").open_local
        case "anthropic":
            return import_module(f"{__package__}.anthropic_connection").open_anthropic
    return open_inferred


def open_inferred(provider_name: str, provider: Provider, model_name: str, config: ProviderConfig) -> Connection:
    """A provider of pydantic-ai's own, with the key it finds in the environment."""
    model = infer_model(f"{provider_name}:{model_name}")

    async def close() -> None:
        async with model:  # leaving it closes the HTTP client that pydantic-ai made
            pass

    settings = common_settings(config) | {"timeout": config.stall_timeout_s}
    if provider.obeys_max_retries:
        settings["max_retries"] = 0
    return Connection(model, source_of(provider, model_name, model.base_url or "", config), settings, close)


def common_settings(config: ProviderConfig) -> dict[str, Any]:
    return {"max_tokens": config.max_output_tokens} if config.max_output_tokens else {}


def source_of(provider: Provider, model_name: str, base_url: str, config: ProviderConfig) -> Source:
    return Source(provider.label, model_name, base_url, provider.key, config.secrets())
