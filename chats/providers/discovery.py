"""Which models can be chosen: what configured providers list, and local servers that answer on their usual ports."""

import asyncio
import re
import time
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from .config import LOOPBACK, ProviderConfig, host_of, is_custom, openai_address
from .loading import load
from .registry import PROVIDERS, SCRIPTED_DEMO, Provider, default_model, has_key, is_installed
from .scripted import script_names

LOCAL_TIMEOUT_S = 0.5
REMOTE_TIMEOUT_S = 4.0
FRESH_FOR_S = 10.0
LONGEST_LIST = 500

NO_CHAT = re.compile(r"embed|whisper|tts|moderation|dall-e|image|audio|realtime|transcribe|sora|rerank|davinci|babbage")
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


class _Listed(BaseModel):
    id: str


class _ModelList(BaseModel):
    data: list[_Listed]


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
        if provider.kind == "local":
            questions.append(_ask_local(name, provider, config))
        elif name in ("openai", "anthropic") and has_key(name, provider, config):
            questions.append(_ask_remote(name, provider, config))
        elif provider.kind == "inferred" and _is_ready(name, provider, config):
            questions.append(_known(name, provider))
    return questions


def _is_ready(name: str, provider: Provider, config: ProviderConfig) -> bool:
    return has_key(name, provider, config) and (not provider.package or is_installed(provider.package))


async def _ask_local(name: str, provider: Provider, config: ProviderConfig) -> Found:
    """A local server's list. Nobody there, or something else on that port, is nothing to speak of."""
    base_url = config.local_servers.get(name, "")
    if not host_of(base_url) or _is_own(base_url, config):
        return Found()
    httpx2 = await asyncio.to_thread(load, "httpx2")
    try:
        # Reading the certificates takes longer than all the rest, and these are servers of this machine.
        secure = base_url.startswith("https")
        async with httpx2.AsyncClient(timeout=LOCAL_TIMEOUT_S, verify=secure, trust_env=False) as client:
            answer = await asyncio.wait_for(client.get(f"{base_url}/models"), LOCAL_TIMEOUT_S)
        listed = _ModelList.model_validate_json(answer.content) if answer.status_code == 200 else _ModelList(data=[])
    except (httpx2.HTTPError, TimeoutError, ValidationError):
        return Found()
    return Found(_choices(name, provider, (model.id for model in listed.data), local=True))


def _is_own(base_url: str, config: ProviderConfig) -> bool:
    parts = urlsplit(base_url)
    return parts.port == config.own_port and parts.hostname in LOOPBACK


async def _ask_remote(name: str, provider: Provider, config: ProviderConfig) -> Found:
    """The SDK's own list."""
    address, sdk, ask = (
        (openai_address(config)[0], f"{__package__}.openai_client", _openai_ids)
        if name == "openai"
        else (config.anthropic_base_url, "anthropic", _anthropic_ids)
    )
    try:
        # Loaded before the clock starts: on a busy machine that alone takes longer than an answer may.
        loaded = await asyncio.to_thread(load, sdk)
        ids = await asyncio.wait_for(ask(loaded, config), REMOTE_TIMEOUT_S)
    except Exception:  # whatever an SDK raises, the picker goes on without this provider
        where = f" at {host_of(address)}" if is_custom(name, config) else ""
        return Found(notes=(f"{provider.label}{where} did not list its models. Check {provider.key} and the network.",))
    return Found(_choices(name, provider, ids))


async def _openai_ids(clients: Any, config: ProviderConfig) -> list[str]:
    base_url, official = openai_address(config)
    async with clients.openai_client(config, base_url, config.openai_api_key) as client:
        ids = [model.id async for model in client.models.list()]
    return sorted(ids) if not official else sorted((id_ for id_ in ids if OPENAI_CHAT.match(id_)), reverse=True)


async def _anthropic_ids(anthropic: Any, config: ProviderConfig) -> list[str]:
    client = anthropic.AsyncAnthropic(
        api_key=config.anthropic_api_key or "none", base_url=config.anthropic_base_url or None, max_retries=0
    )
    async with client:
        return [model.id async for model in client.models.list(limit=100)]


async def _known(name: str, provider: Provider) -> Found:
    """What pydantic-ai knows of a provider that it reaches by itself."""
    models = await asyncio.to_thread(load, "pydantic_ai.models")
    names: Sequence[str] = get_args(models.KnownModelName.__value__)
    return Found(_choices(name, provider, (known.partition(":")[2] for known in names if known.startswith(f"{name}:"))))


def _choices(name: str, provider: Provider, ids: Iterable[str], local: bool = False) -> tuple[ModelChoice, ...]:
    chat = [id_ for id_ in ids if id_ and not NO_CHAT.search(id_.lower())]
    return tuple(ModelChoice(f"{name}:{id_}", name, f"{provider.label}: {id_}", local) for id_ in chat[:LONGEST_LIST])


def _scripts(config: ProviderConfig) -> tuple[ModelChoice, ...]:
    demo = ModelChoice(SCRIPTED_DEMO, "scripted", "Demo (a script, not a model)", local=True)
    return (
        demo,
        *(ModelChoice(f"scripted:{name}", "scripted", f"Script: {name}", local=True) for name in script_names(config)),
    )
