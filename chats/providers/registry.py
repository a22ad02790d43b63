"""Every provider there is, and the way from a name such as `openai:gpt-5` to a model."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType
from typing import Literal

from .base import Model, ModelError
from .config import ProviderConfig as ProviderConfig
from .config import host_of, is_custom
from .llm import LlmModel
from .loading import load
from .prices import cost_usd as cost_usd
from .scripted import open_scripted

Kind = Literal["scripted", "openai", "anthropic", "local", "inferred"]


@dataclass(frozen=True)
class Provider:
    """`kind` says how it is reached. `key` is the environment variable of its key; `package` and `extra` what has to be
    installed for it; `obeys_max_retries` whether its SDK can be told to leave retries to us."""

    label: str
    kind: Kind
    key: str = ""
    package: str = ""
    extra: str = ""
    obeys_max_retries: bool = True


PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "scripted": Provider("Script", "scripted"),
        "openai": Provider("OpenAI", "openai", "OPENAI_API_KEY"),
        "openai-chat": Provider("OpenAI (chat completions)", "openai", "OPENAI_API_KEY"),
        "openai-responses": Provider("OpenAI (responses)", "openai", "OPENAI_API_KEY"),
        "anthropic": Provider("Anthropic", "anthropic", "ANTHROPIC_API_KEY"),
        "ollama": Provider("Ollama", "local"),
        "lmstudio": Provider("LM Studio", "local"),
        "llamacpp": Provider("llama.cpp", "local"),
        "vllm": Provider("vLLM", "local"),
        "google": Provider("Google", "inferred", "GOOGLE_API_KEY", "google.genai", "google"),
        "groq": Provider("Groq", "inferred", "GROQ_API_KEY", "groq", "groq"),
        "mistral": Provider("Mistral", "inferred", "MISTRAL_API_KEY", "mistralai", "mistral"),
        "cohere": Provider("Cohere", "inferred", "CO_API_KEY", "cohere", "cohere"),
        "xai": Provider("xAI", "inferred", "XAI_API_KEY", "xai_sdk", "xai", obeys_max_retries=False),
        "deepseek": Provider("DeepSeek", "inferred", "DEEPSEEK_API_KEY"),
        "openrouter": Provider("OpenRouter", "inferred", "OPENROUTER_API_KEY"),
        "together": Provider("Together", "inferred", "TOGETHER_API_KEY"),
        "fireworks": Provider("Fireworks", "inferred", "FIREWORKS_API_KEY"),
        "moonshotai": Provider("Moonshot AI", "inferred", "MOONSHOTAI_API_KEY"),
        "cerebras": Provider("Cerebras", "inferred", "CEREBRAS_API_KEY"),
        "zai": Provider("Z.AI", "inferred", "ZAI_API_KEY"),
    }
)

SCRIPTED_DEMO = "scripted:demo"
ANTHROPIC_DEFAULT = "anthropic:claude-sonnet-5-5"
OPENAI_DEFAULT = "openai:gpt-6.1-sol"
WARM_KINDS = frozenset({"openai", "anthropic", "local"})


def split_name(name: str) -> tuple[str, str]:
    """`provider:model` in two. Raises ModelError unknown_model where it is not of that form, or of no provider."""
    provider, colon, model = name.strip().partition(":")
    if not colon or not model or provider not in PROVIDERS:
        raise ModelError(
            f"There is no model {name!r}. A model's name is provider:model, as in {ANTHROPIC_DEFAULT}, and the "
            f"providers are {', '.join(PROVIDERS)}. Choose one in the model list, or set BOOCODE_MODEL.",
            "unknown_model",
        )
    return provider, model


def open_model(name: str, config: ProviderConfig) -> Model:
    """The model of that name. Cheap: no SDK is imported and nothing is sent before the first request.

    Raises ModelError unknown_model or not_configured, in words that say what to set or install.
    """
    provider_name, model_name = split_name(name)
    provider = PROVIDERS[provider_name]
    if provider.kind == "scripted":
        return open_scripted(model_name, config)
    check_installed(provider)
    check_address(provider_name, provider, config)
    check_key(provider_name, provider, config)
    return LlmModel(f"{provider_name}:{model_name}", config)


def check_installed(provider: Provider) -> None:
    if provider.package and not is_installed(provider.package):
        raise ModelError(
            f"Models of {provider.label} need a package that is not installed. Install it with: "
            f'pip install "pydantic-ai-slim[{provider.extra}]", then start BooCode again.',
            "not_configured",
        )


def is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # the parent of a dotted name
        return False


def check_address(provider_name: str, provider: Provider, config: ProviderConfig) -> None:
    setting, address = {
        "openai": ("OPENAI_BASE_URL", config.openai_base_url),
        "anthropic": ("ANTHROPIC_BASE_URL", config.anthropic_base_url),
        "local": (f"The address of {provider.label}", config.local_servers.get(provider_name, "none")),
    }.get(provider.kind, ("", ""))
    if address and not host_of(address):
        raise ModelError(
            f"{setting} is no address of a server. One looks like http://127.0.0.1:8080/v1: correct it and start "
            "BooCode again.",
            "not_configured",
        )


def check_key(provider_name: str, provider: Provider, config: ProviderConfig) -> None:
    if provider.key and not has_key(provider_name, provider, config):
        raise ModelError(
            f"{provider.label} needs a key. Set {provider.key} in the environment and start BooCode again, or choose "
            "another model.",
            "not_configured",
        )


def has_key(provider_name: str, provider: Provider, config: ProviderConfig) -> bool:
    """Whether the provider can be asked: servers of one's own may do without a key."""
    match provider.kind:
        case "openai":
            return bool(config.openai_api_key) or is_custom(provider_name, config)
        case "anthropic":
            return bool(config.anthropic_api_key) or is_custom(provider_name, config)
        case "inferred":
            return bool(config.environment.get(provider.key))
    return True


def default_model(config: ProviderConfig) -> str:
    """The name a new session starts with: the configured one, else that of a provider with a key, else the demo."""
    if config.default_model:
        return config.default_model
    if config.anthropic_api_key and not config.anthropic_base_url:
        return ANTHROPIC_DEFAULT
    if config.openai_api_key and not is_custom("openai", config):
        return OPENAI_DEFAULT
    return SCRIPTED_DEMO


def warm_up(config: ProviderConfig) -> None:
    """Load what the model of a new session most likely needs, so that its first message does not wait for that.
    Blocks for as long as it takes; a package that is missing is for the turn to tell."""
    names = (default_model(config).partition(":")[0], *(() if config.default_model else ("openai", "anthropic")))
    known = ((name, PROVIDERS[name]) for name in names if name in PROVIDERS)
    ready = (one for name, one in known if one.kind in WARM_KINDS and has_key(name, one, config))
    if provider := next(ready, None):
        with suppress(ImportError):
            load(f"{__package__}.connections").opener(provider)
