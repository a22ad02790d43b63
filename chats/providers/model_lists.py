"""Which models a provider says it has. Imports aiohttp: load it late."""

from collections.abc import Iterator
from typing import Any

from chats.providers.protocols.answer import json_headers, read_json

from . import http
from .config import ProviderConfig, join_url
from .error_bodies import read_status
from .errors import AnswerError
from .lazy_imports import load

MAX_LIST_BYTES = 16 * 1024 * 1024


async def list_models(provider_name: str, config: ProviderConfig) -> list[str]:
    """The ids in the provider's list, in its order. Raises AnswerError."""
    base_url = config.base_url(provider_name)
    url, headers = join_url(base_url, "/models"), json_headers(config.key(provider_name))
    if config.protocol(provider_name) == "anthropic":
        url, headers = load("protocols.anthropic").models_request(base_url, config.key(provider_name))
    # Asked from event loops that live for one request to our API, hence a session for this alone.
    async with (
        http.new_session() as session,
        http.request("GET", url, headers, silence_s=config.stall_timeout_s, session=session) as answer,
    ):
        body = await answer.read(MAX_LIST_BYTES)
        if answer.status != 200:
            raise read_status(answer.status, body, answer.headers)
    return list(_ids(read_json(body)))


def _ids(answer: Any) -> Iterator[str]:
    listed = answer.get("data") if isinstance(answer, dict) else answer
    if not isinstance(listed, list):
        raise AnswerError("unreadable")
    for model in listed:
        id = model.get("id") if isinstance(model, dict) else model
        # Half a character is no text that an answer of ours could hold, and a name is a word.
        if isinstance(id, str) and id.isprintable() and id.strip():
            yield id
