"""The way from a name such as `openai:gpt-5` to a model."""

import sys
from contextlib import suppress
from importlib.util import find_spec

from .base import Model, ModelError
from .catalog import PROVIDERS as PROVIDERS
from .catalog import Provider as Provider
from .config import ProviderConfig as ProviderConfig
from .config import host_of, is_custom
from .lazy_imports import load
from .model import ProviderModel
from .prices import cost_usd as cost_usd
from .scripted.model import open_scripted

SCRIPTED_DEMO = "scripted:demo"
ANTHROPIC_DEFAULT = "anthropic:claude-sonnet-5-5"
OPENAI_DEFAULT = "openai:gpt-6.1-sol"


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
    """The model of that name. Cheap: nothing is imported for it and nothing is sent before the first request.

    Raises ModelError unknown_model or not_configured, in words that say what to set or install.
    """
    provider_name, model_name = split_name(name)
    if provider_name == "scripted":
        return open_scripted(model_name, config)
    provider = PROVIDERS[provider_name]
    if not is_installed(provider):
        raise ModelError(
            f"Models of {provider.label} need packages that are not installed. Install them with: "
            f"pip install 'boocode[providers]' \"pydantic-ai-slim[{provider.extra}]\", then start BooCode again.",
            "not_configured",
        )
    if provider.protocol != "other" and not host_of(config.base_url(provider_name)):
        setting = provider.address_setting or f"The address of {provider.label}"
        raise ModelError(
            f"{setting} is no address of a server. One looks like http://127.0.0.1:8080/v1: correct it and start "
            "BooCode again.",
            "not_configured",
        )
    if not config.has_key(provider_name):
        raise ModelError(
            f"{provider.label} needs a key. Set {provider.key} in the environment and start BooCode again, or choose "
            "another model.",
            "not_configured",
        )
    return ProviderModel(f"{provider_name}:{model_name}", config)


def is_installed(provider: Provider) -> bool:
    """Whether the packages are there that the provider's row names."""
    return not provider.package or (_has_package("pydantic_ai") and _has_package(provider.package))


def _has_package(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # the parent of a dotted name
        return False


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
    """Imports what the model of a new session most likely needs, so that its first message does not wait for that.
    Blocks for as long as it takes; a package that is missing is for the turn to tell."""
    names = (default_model(config).partition(":")[0], *(() if config.default_model else ("openai", "anthropic")))
    for name in names:
        if name in PROVIDERS and name != "scripted" and PROVIDERS[name].protocol != "other" and config.has_key(name):
            with suppress(ImportError):
                load("connection")
                load(f"protocols.{config.protocol(name)}")
            return


async def close() -> None:
    """Closes the connections to providers that wait for the next request. The last thing an event loop does here."""
    if http := sys.modules.get(f"{__package__}.http"):
        await http.close_session()
