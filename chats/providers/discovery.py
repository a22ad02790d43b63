"""Which models can be chosen: what configured providers list, and local servers that answer on their usual ports."""

import asyncio
import re
import time
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .config import LOOPBACK, ProviderConfig, host_of, is_custom
from .errors import AnswerError
from .lazy_imports import load
from .registry import PROVIDERS, SCRIPTED_DEMO, Provider, default_model, is_installed
from .scripted.model import script_names

LOCAL_TIMEOUT_S = 0.5
REMOTE_TIMEOUT_S = 4.0
FRESH_FOR_S = 10.0
LONGEST_LIST = 500

NO_CHAT = re.compile(r"embed|whisper|tts|moderation|dall-e|image|audio|realtime|transcribe|sora|rerank|davinci|babbage")
SAME_MODELS = frozenset({"openai-chat", "openai-responses"})
"""Names for another protocol of a provider that is listed already."""
OPENAI_CHAT = re.compile(r"^(gpt-[4-9]|gpt-\d\d|o\d|chatgpt)(?!.*(search|instruct|live|deep-research))")


@dataclass(frozen=True)
class ModelChoice:
    """One line of the model picker. `name` goes to `open_model`."""

    name: str
    provider: str
    label: str
    local: bool = False


@dataclass(frozen=True)
class Found:
    """`notes` are sentences about providers that could not be asked."""

    models: tuple[ModelChoice, ...] = ()
    notes: tuple[str, ...] = ()


_last: tuple[ProviderConfig, float, Found] | None = None


async def available_models(config: ProviderConfig) -> list[ModelChoice]:
    """What can be chosen right now, never an error; at most some seconds old."""
    return list((await look_for_models(config)).models)


async def look_for_models(config: ProviderConfig) -> Found:
    """The same with notes. Asks everybody at once; local servers get 0.5 s, the others 4 s."""
    global _last
    if _last and _last[0] == config and time.monotonic() - _last[1] < FRESH_FOR_S:
        return _last[2]
    parts = await asyncio.gather(*_questions(config))
    found = Found(
        tuple(choice for part in parts for choice in part.models) + _scripts(config),
        tuple(note for part in parts for note in part.notes),
    )
    _last = (config, time.monotonic(), found)
    return found


async def suggested_model(config: ProviderConfig) -> str:
    """`default_model`, or where that is only the demo, the first model of a server that answers."""
    name = default_model(config)
    if name != SCRIPTED_DEMO or config.default_model:
        return name
    return next((choice.name for choice in await available_models(config) if choice.provider != "scripted"), name)


def _questions(config: ProviderConfig) -> list[Awaitable[Found]]:
    questions: list[Awaitable[Found]] = []
    for name, provider in PROVIDERS.items():
        if provider.local:
            questions.append(_ask_local(name, provider, config))
        elif not config.has_key(name) or not is_installed(provider):
            continue
        elif provider.protocol == "other":
            questions.append(_known(name, provider))
        elif provider.protocol != "scripted" and name not in SAME_MODELS:
            questions.append(_ask_remote(name, provider, config))
    return questions


async def _ask_local(name: str, provider: Provider, config: ProviderConfig) -> Found:
    """A local server's list. Nobody there, or something else on that port, is nothing to speak of."""
    base_url = config.base_url(name)
    if not host_of(base_url) or _is_own(base_url, config):
        return Found()
    lists = await _load_lists()
    try:
        ids = await asyncio.wait_for(lists.list_models(name, config), LOCAL_TIMEOUT_S)
    except (AnswerError, TimeoutError):
        return Found()
    return Found(_choices(name, provider, ids, local=True))


def _is_own(base_url: str, config: ProviderConfig) -> bool:
    parts = urlsplit(base_url)
    return parts.port == config.own_port and parts.hostname in LOOPBACK


async def _ask_remote(name: str, provider: Provider, config: ProviderConfig) -> Found:
    # Loaded before the clock starts: on a busy machine that alone takes longer than an answer may.
    lists = await _load_lists()
    try:
        ids = await asyncio.wait_for(lists.list_models(name, config), REMOTE_TIMEOUT_S)
    except (AnswerError, TimeoutError) as error:
        return Found(notes=(_note(name, provider, config, error),))
    if name == "openai":
        official = not is_custom(name, config)
        ids = sorted((id_ for id_ in ids if OPENAI_CHAT.match(id_)), reverse=True) if official else sorted(ids)
    return Found(_choices(name, provider, ids))


def _note(name: str, provider: Provider, config: ProviderConfig, error: AnswerError | TimeoutError) -> str:
    """Says why there is no list, and what to check."""
    who = f"{provider.label} at {host_of(config.base_url(name))}" if is_custom(name, config) else provider.label
    match error.category if isinstance(error, AnswerError) else "timeout":
        case "auth":
            return f"{who} did not list its models: it did not accept the API key. Check {provider.key}."
        case "timeout":
            return f"{who} did not list its models: it did not answer within {REMOTE_TIMEOUT_S:.0f} s."
        case "connection" | "cut_off":
            check = f"that it runs, and {provider.address_setting}" if is_custom(name, config) else "the network"
            return f"{who} did not list its models: it could not be reached. Check {check}."
        case "setup" if isinstance(error, AnswerError):
            return f"{who} did not list its models. {error.said}"
        case "not_found" | "unreadable":
            return f"{who} has no list of models that could be read. A model's name can be typed in all the same."
    status = f" ({error.status})" if isinstance(error, AnswerError) and error.status else ""
    return f"{who} did not list its models: it answered with an error{status}."


async def _load_lists() -> Any:
    return await asyncio.to_thread(load, "model_lists")


async def _known(name: str, provider: Provider) -> Found:
    """What pydantic-ai knows of a provider that is reached through it."""
    other = await asyncio.to_thread(load, "protocols.other")
    return Found(_choices(name, provider, other.known_models(name)))


def _choices(name: str, provider: Provider, ids: Iterable[str], local: bool = False) -> tuple[ModelChoice, ...]:
    chat = [id_ for id_ in ids if id_ and not NO_CHAT.search(id_.lower())]
    return tuple(ModelChoice(f"{name}:{id_}", name, f"{provider.label}: {id_}", local) for id_ in chat[:LONGEST_LIST])


def _scripts(config: ProviderConfig) -> tuple[ModelChoice, ...]:
    demo = ModelChoice(SCRIPTED_DEMO, "scripted", "Demo (a script, not a model)", local=True)
    return (
        demo,
        *(ModelChoice(f"scripted:{name}", "scripted", f"Script: {name}", local=True) for name in script_names(config)),
    )
