"""OpenAI, and whatever speaks its protocol. Imports pydantic-ai and openai: load it late."""

from collections.abc import Sequence
from typing import Any

from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers import Provider as PydanticProvider
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.providers.vllm import VLLMProvider

from .base import TranscriptItem
from .config import ProviderConfig, openai_address
from .connections import Connection, common_settings, source_of
from .http import NO_KEY
from .mapping import to_messages
from .openai_client import BODY_KEY, WriteBody, openai_client
from .prefix import Said
from .registry import Provider

# The tools' schemas are as they shall be, and rewriting them is a tenth of what a request costs.
AS_IT_IS = OpenAIModelProfile(json_schema_transformer=None)


class ChatConnection(Connection):
    """Chat completions: a request continues the bytes of the one before, so a step costs what is new in it."""

    said = Said()

    def prepare(self, system: str, transcript: Sequence[TranscriptItem]) -> tuple[list[ModelMessage], dict[str, Any]]:
        said = self.said if self.said.is_continued_by(system, transcript) else Said()
        messages = to_messages("" if said.items else system, transcript[len(said.items) :])

        def write(body: dict[str, Any]) -> bytes:
            self.said = now = said.continued(system, transcript, body.pop("messages"))
            return now.body(body, "messages")

        return messages, {**self.settings, "extra_body": {BODY_KEY: write}}


def _write_input_last(body: dict[str, Any]) -> bytes:
    return Said().continued("", (), body.pop("input")).body(body, "input")


def open_openai(provider_name: str, provider: Provider, model_name: str, config: ProviderConfig) -> Connection:
    """OpenAI itself is asked through its Responses API: its newer models refuse tools on chat completions."""
    base_url, official = openai_address(config)
    client = openai_client(config, base_url, config.openai_api_key)
    source = source_of(provider, model_name, base_url, config)
    behind: PydanticProvider[Any] = (
        OpenAIProvider(openai_client=client)
        if official
        else OpenAICompatibleProvider("openai-compatible", openai_client=client)
    )
    settings = common_settings(config)
    if provider_name == "openai-responses" or (official and provider_name == "openai"):
        write: WriteBody = _write_input_last
        settings |= {"openai_store": False, "extra_body": {BODY_KEY: write}}
        return Connection(
            OpenAIResponsesModel(model_name, provider=behind, profile=AS_IT_IS), source, settings, client.close
        )
    return ChatConnection(
        OpenAIChatModel(model_name, provider=behind, profile=AS_IT_IS), source, settings, client.close
    )


def open_local(provider_name: str, provider: Provider, model_name: str, config: ProviderConfig) -> Connection:
    """A server on this machine or in this network, with the chat completions protocol and no key."""
    base_url = config.local_servers[provider_name]
    client = openai_client(config, base_url, NO_KEY)
    behind: PydanticProvider[Any]
    if provider_name == "ollama":
        behind = OllamaProvider(openai_client=client)
    elif provider_name == "vllm":
        behind = VLLMProvider(openai_client=client)
    else:
        behind = OpenAICompatibleProvider(provider_name, openai_client=client)
    # Not all of them know `max_completion_tokens`; `max_tokens` they all do.
    profile = OpenAIModelProfile(**AS_IT_IS, openai_chat_supports_max_completion_tokens=False)
    model = OpenAIChatModel(model_name, provider=behind, profile=profile)
    source = source_of(provider, model_name, base_url, config)
    return ChatConnection(model, source, common_settings(config), client.close)
