"""Where models come from: the values that settings hand over, and nothing else."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from .catalog import OPENAI_URL, PROVIDERS, Protocol
from .custom_prices import Known

LOCAL_SERVERS: Mapping[str, str] = MappingProxyType({name: one.address for name, one in PROVIDERS.items() if one.local})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class ProviderConfig:
    """Everything the providers need. Keys are kept out of its repr."""

    default_model: str = ""
    openai_api_key: str = field(default="", repr=False)
    openai_base_url: str = ""
    anthropic_api_key: str = field(default="", repr=False)
    anthropic_base_url: str = ""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    """Where the other providers' keys are (GROQ_API_KEY and the like)."""
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

    def key(self, provider_name: str) -> str:
        """The provider's key, empty where there is none."""
        variable = PROVIDERS[provider_name].key
        own = {"OPENAI_API_KEY": self.openai_api_key, "ANTHROPIC_API_KEY": self.anthropic_api_key}
        return (own[variable] if variable in own else self.environment.get(variable, "") if variable else "").strip()

    def base_url(self, provider_name: str) -> str:
        """Where the provider is asked; empty for a local server that is not to be used."""
        provider = PROVIDERS[provider_name]
        if provider.local:
            return self.local_servers.get(provider_name, "")
        own = {"OPENAI_BASE_URL": self.openai_base_url, "ANTHROPIC_BASE_URL": self.anthropic_base_url}
        return own.get(provider.address_setting) or provider.address

    def protocol(self, provider_name: str) -> Protocol:
        """What is spoken with the provider."""
        provider = PROVIDERS[provider_name]
        custom = provider.custom_protocol if is_custom(provider_name, self) else None
        return custom or provider.protocol

    def has_key(self, provider_name: str) -> bool:
        """Whether the provider can be asked: servers of one's own may do without a key."""
        needs_key = bool(PROVIDERS[provider_name].key) and not is_custom(provider_name, self)
        return not needs_key or bool(self.key(provider_name))

    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown."""
        named = (value for name, value in self.environment.items() if name.endswith(("_KEY", "_TOKEN", "_SECRET")))
        return tuple(value for value in (self.openai_api_key, self.anthropic_api_key, *named) if len(value) > 3)


def host_of(url: str) -> str:
    """The host of an http address; empty where `url` is none."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") and parts.port != 0 else ""
    except ValueError:  # a port that is no number, half a bracket
        return ""


def is_custom(provider_name: str, config: ProviderConfig) -> bool:
    """Whether `provider_name` is answered by somebody else's server, so that a model's name says nothing about it."""
    if provider_name.startswith("openai"):
        return host_of(config.base_url(provider_name)) != host_of(OPENAI_URL)
    return provider_name == "anthropic" and bool(config.anthropic_base_url)


def join_url(base_url: str, path: str) -> str:
    """`base_url` with `path` after its own; a query stays at the end."""
    parts = urlsplit(base_url)
    return parts._replace(path=parts.path.rstrip("/") + path).geturl()
