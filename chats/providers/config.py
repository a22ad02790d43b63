"""Where models come from: the values that settings hand over, and nothing else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from .price_list import Known

LOCAL_SERVERS: Mapping[str, str] = MappingProxyType(
    {
        "ollama": "http://127.0.0.1:11434/v1",
        "lmstudio": "http://127.0.0.1:1234/v1",
        "llamacpp": "http://127.0.0.1:8080/v1",
        "vllm": "http://127.0.0.1:8000/v1",
    }
)
"""The ports these servers choose when nobody tells them another."""


@dataclass(frozen=True)
class ProviderConfig:
    """Everything the providers need. Keys are kept out of its repr."""

    default_model: str = ""
    openai_api_key: str = field(default="", repr=False)
    openai_base_url: str = ""
    anthropic_api_key: str = field(default="", repr=False)
    anthropic_base_url: str = ""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    """Where the providers that come with an extra look for their keys (GROQ_API_KEY and the like)."""
    local_servers: Mapping[str, str] = field(default_factory=lambda: LOCAL_SERVERS)
    prices: Mapping[str, Known] = field(default_factory=dict)
    """The person's own, by full name; they count more than any other."""
    own_port: int | None = None
    """BooCode's own port, which is never asked for models: its default is vLLM's too."""
    scripts_dir: Path | None = None
    demo_delay_ms: float = 16.0
    max_output_tokens: int | None = None
    """Sent to the provider only if set."""
    stall_timeout_s: float = 120.0
    """How long a provider may stay silent, before the first byte and between two."""
    retries: int = 2
    longest_retry_wait_s: float = 30.0

    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown."""
        named = (value for name, value in self.environment.items() if name.endswith(("_KEY", "_TOKEN", "_SECRET")))
        return tuple(value for value in (self.openai_api_key, self.anthropic_api_key, *named) if len(value) > 3)


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OPENAI_URL = "https://api.openai.com/v1"
OPENAI_HOST = "api.openai.com"


def openai_address(config: ProviderConfig) -> tuple[str, bool]:
    """The base URL of the openai kind, and whether it is OpenAI's own."""
    base_url = config.openai_base_url or OPENAI_URL
    return base_url, host_of(base_url) == OPENAI_HOST


def host_of(url: str) -> str:
    """The host of an http address; empty where `url` is none."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") and parts.port != 0 else ""
    except ValueError:  # a port that is no number, half a bracket
        return ""


def is_custom(provider: str, config: ProviderConfig) -> bool:
    """Whether `provider` is answered by somebody else's server, so that a model's name says nothing about it."""
    if provider.startswith("openai"):
        return not openai_address(config)[1]
    return provider == "anthropic" and bool(config.anthropic_base_url)
