"""Real models: one streamed request through pydantic-ai for each step, made again where that makes sense.

What that takes is loaded when a model is first asked, or before, by `warm_up`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from . import prices
from .base import ModelError, ModelEvent, ToolSchema, TranscriptItem
from .config import ProviderConfig
from .loading import load

if TYPE_CHECKING:
    from .connections import Connection

WORTH_A_RETRY = frozenset({"rate_limit", "overloaded", "network"})
FIRST_WAIT_S = 0.5


class LlmModel:
    """A model of any provider that pydantic-ai knows. Cheap to make; the first request connects."""

    def __init__(self, name: str, config: ProviderConfig) -> None:
        self.name = name
        self._config = config
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()

    def __repr__(self) -> str:
        return f"LlmModel({self.name!r})"

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
            spoke = False
            try:
                async for event in connection.ask(system, transcript, tools):
                    spoke = True
                    yield event
                return
            except Exception as error:
                failure = connection.source.explain(error)
            # Outside of the handler, so that the SDK's exception, with its request and headers, stays behind.
            wait_s = None if spoke else self._wait_before(attempt + 1, failure)
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


def _import_and_connect(name: str, config: ProviderConfig) -> "Connection":
    connection: Connection = load(f"{__package__}.connections").connect(name, config)
    return connection
