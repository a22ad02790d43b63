"""A server that plays OpenAI, and models that ask it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import uvloop

import chats.providers.connection  # noqa: F401 - seconds on a busy machine, which no time limit shall count
from chats.providers.base import Model
from chats.providers.config import ProviderConfig
from chats.providers.registry import close, open_model
from tests.openai_server import OpenAIServer
from tests.providers.playing import CANARY

Serve = Callable[..., Any]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The server's event loop, which is not Python's own below a socket."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        stack.push_async_callback(close)
        yield stack


@pytest.fixture
def serve(stack: AsyncExitStack) -> Serve:
    """`await serve(script)` starts a server that plays it."""

    async def start(script: list[Any], **options: Any) -> OpenAIServer:
        return await stack.enter_async_context(OpenAIServer(script, **options))

    return start


@pytest.fixture
def ask(stack: AsyncExitStack) -> Callable[..., Model]:
    """`ask(server)` is a model of that server, closed at the end of the test."""

    def open_one(server: OpenAIServer, name: str = "openai:test-model", **config: Any) -> Model:
        settings: dict[str, Any] = {"openai_base_url": server.url, "openai_api_key": CANARY, "retries": 0, **config}
        model = open_model(name, ProviderConfig(**settings))
        stack.push_async_callback(model.aclose)
        return model

    return open_one
