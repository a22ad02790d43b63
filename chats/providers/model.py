"""Real models: one streamed request for each step, made again where that may help."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from . import prices
from .base import ModelError, ModelEvent, ToolCall, ToolSchema, TranscriptItem
from .config import ProviderConfig
from .lazy_imports import load
from .protocols.wire_names import read_name

if TYPE_CHECKING:
    from .connection import Connection

WORTH_A_RETRY = frozenset({"rate_limit", "overloaded", "network"})
FIRST_WAIT_S = 0.5


class ProviderModel:
    """A model of any provider but the script. Cheap to make; the first request imports what it takes and connects."""

    def __init__(self, name: str, config: ProviderConfig) -> None:
        self.name = name
        self._config = config
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()

    def __repr__(self) -> str:
        return f"ProviderModel({self.name!r})"

    @cached_property
    def context_window(self) -> int | None:
        return prices.context_window(self.name, self._config)

    async def stream(
        self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]
    ) -> AsyncIterator[ModelEvent]:
        """See `Model.stream`. A request that failed before anything came is made again, `retries` times at most."""
        connection = await self._connect()
        attempt = 0
        while True:
            has_spoken = False
            try:
                async with aclosing(connection.ask(system, transcript, tools)) as events:
                    async for event in events:
                        has_spoken = True
                        yield _name_tool(event, tools) if isinstance(event, ToolCall) else event
                return
            except Exception as error:
                failure = connection.explain(error)
            # Outside of the handler, so that the exception of a library, with its request and headers, stays behind.
            wait_s = None if has_spoken else self._wait_before(attempt + 1, failure)
            if wait_s is None:
                raise failure
            attempt += 1
            await asyncio.sleep(wait_s)

    def _wait_before(self, retry: int, failure: ModelError) -> float | None:
        """Seconds to wait before the given retry (1, 2, …); None where there shall be none."""
        if retry > self._config.retries or failure.reason not in WORTH_A_RETRY:
            return None
        wait_s = FIRST_WAIT_S * 2 ** (retry - 1) if failure.retry_after_s is None else failure.retry_after_s
        return wait_s if wait_s <= self._config.longest_retry_wait_s else None

    async def _connect(self) -> "Connection":
        async with self._connecting:
            if self._connection is None:
                self._connection = await asyncio.to_thread(_import_and_connect, self.name, self._config)
            return self._connection

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose()


def _name_tool(call: ToolCall, tools: Sequence[ToolSchema]) -> ToolCall:
    """The call under its tool's own name, where that had to be written otherwise for the protocol."""
    return replace(call, name=read_name(call.name, [tool.name for tool in tools]))


def _import_and_connect(name: str, config: ProviderConfig) -> "Connection":
    connection: Connection = load("connection").connect(name, config)
    return connection
