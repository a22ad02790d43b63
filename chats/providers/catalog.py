"""Every provider there is, a row for each. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Protocol = Literal["scripted", "openai_chat", "openai_responses", "anthropic", "other"]
"""The module that speaks with the provider."""


@dataclass(frozen=True)
class Provider:
    """Where a provider is, what it speaks and what others call it.

    `address` is the base URL where the person names no other, `address_setting` the setting that names it, and
    `custom_protocol` what a server there speaks that is not the provider's own. `key` is the environment variable of
    its key. `package` and `extra` have to be installed for it. `price_list` is its name in genai-prices, empty where it
    has no prices; `span_name` is its `gen_ai.provider.name` in OpenTelemetry spans.
    """

    label: str
    protocol: Protocol
    address: str = ""
    key: str = ""
    price_list: str = ""
    span_name: str = ""
    address_setting: str = ""
    custom_protocol: Protocol | None = None
    local: bool = False
    package: str = ""
    extra: str = ""
    obeys_max_retries: bool = True


OPENAI_URL = "https://api.openai.com/v1"
OPENAI = {
    "address": OPENAI_URL,
    "key": "OPENAI_API_KEY",
    "price_list": "openai",
    "span_name": "openai",
    "address_setting": "OPENAI_BASE_URL",
}


def _local(label: str, port: int, span_name: str) -> Provider:
    """A server on this machine, at the port that it chooses when nobody tells it another."""
    return Provider(label, "openai_chat", f"http://127.0.0.1:{port}/v1", span_name=span_name, local=True)


def _chat(label: str, address: str, key: str, name: str) -> Provider:
    """A provider that speaks OpenAI's chat completions."""
    return Provider(label, "openai_chat", address, key, price_list=name, span_name=name)


PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "scripted": Provider("Script", "scripted", span_name="scripted"),
        # OpenAI's newer models refuse tools on chat completions; other servers rarely know anything else.
        "openai": Provider("OpenAI", "openai_responses", custom_protocol="openai_chat", **OPENAI),  # type: ignore[arg-type]
        "openai-chat": Provider("OpenAI (chat completions)", "openai_chat", **OPENAI),  # type: ignore[arg-type]
        "openai-responses": Provider("OpenAI (responses)", "openai_responses", **OPENAI),  # type: ignore[arg-type]
        "anthropic": Provider(
            "Anthropic",
            "anthropic",
            "https://api.anthropic.com",
            "ANTHROPIC_API_KEY",
            price_list="anthropic",
            span_name="anthropic",
            address_setting="ANTHROPIC_BASE_URL",
        ),
        "ollama": _local("Ollama", 11434, "ollama"),
        "lmstudio": _local("LM Studio", 1234, "lmstudio"),
        "llamacpp": _local("llama.cpp", 8080, "llamacpp"),
        "vllm": _local("vLLM", 8000, "vllm"),
        "groq": _chat("Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "groq"),
        "deepseek": _chat("DeepSeek", "https://api.deepseek.com", "DEEPSEEK_API_KEY", "deepseek"),
        "openrouter": _chat("OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "openrouter"),
        "together": _chat("Together", "https://api.together.xyz/v1", "TOGETHER_API_KEY", "together"),
        "fireworks": _chat("Fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY", "fireworks"),
        "moonshotai": _chat("Moonshot AI", "https://api.moonshot.ai/v1", "MOONSHOTAI_API_KEY", "moonshotai"),
        "cerebras": _chat("Cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", "cerebras"),
        "zai": _chat("Z.AI", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY", "zai"),
        "google": Provider(
            "Google",
            "other",
            key="GOOGLE_API_KEY",
            price_list="google",
            span_name="gcp.gemini",
            package="google.genai",
            extra="google",
        ),
        "mistral": Provider(
            "Mistral",
            "other",
            key="MISTRAL_API_KEY",
            price_list="mistral",
            span_name="mistral_ai",
            package="mistralai",
            extra="mistral",
        ),
        "cohere": Provider(
            "Cohere",
            "other",
            key="CO_API_KEY",
            price_list="cohere",
            span_name="cohere",
            package="cohere",
            extra="cohere",
        ),
        "xai": Provider(
            "xAI",
            "other",
            key="XAI_API_KEY",
            price_list="x-ai",
            span_name="x_ai",
            package="xai_sdk",
            extra="xai",
            obeys_max_retries=False,
        ),
    }
)
