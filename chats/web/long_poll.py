"""Lets a request wait for a turn's end in the event loop: no thread and no database connection waits with it.

The view answers at once. Where it says by a header what to wait for, its answer is dropped, and the request is asked
again once that may have happened; so access, errors and answers are the view's alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chats.stream.hub import Subscription, hub

Asgi = Callable[[Any, Any, Any], Awaitable[None]]

WAIT_HEADER = "X-Wait-For-Turn"
WAITING_CALLS = "/api/turns/"
MOST_WAITING = 1000
"""How many requests wait in a process; more are answered at once."""
LOOK_FOR_FILES_S = 0.2


@dataclass(frozen=True)
class Wait:
    """Says what an answer waits for: the turn's end for `seconds`, or, once it is over, the record of its files."""

    session_id: UUID
    turn_id: UUID
    seconds: int
    for_files: bool = False

    def encode(self) -> str:
        return f"{self.session_id} {self.turn_id} {self.seconds} {int(self.for_files)}"

    @classmethod
    def decode(cls, text: str) -> "Wait":
        session_id, turn_id, seconds, for_files = text.split()
        return cls(UUID(session_id), UUID(turn_id), int(seconds), for_files == "1")


class TurnEndWatch(Subscription):
    """Wakes when the log tells of the turn's end, or may have told of it in entries that did not come here."""

    def __init__(self, wake: asyncio.Event, turn_id: UUID) -> None:
        super().__init__(wake)
        self._turn_id = str(turn_id)

    def push_lines(self, epoch: str, first_ord: int, lines: list[str]) -> None:
        if epoch != self.epoch:
            self.reset(epoch, first_ord - 1)
        if any('"turn_finished"' in line and self._turn_id in line for line in lines):
            self._wake.set()
        if first_ord <= self.head + 1:  # behind a gap, the hub's next look at the log wakes it
            self.head = max(self.head, first_ord + len(lines) - 1)


class LongPolls:
    """Holds the requests for which a view named a wait; `stopping` ends all waits."""

    def __init__(self, inner: Asgi, stopping: asyncio.Event) -> None:
        self.inner = inner
        self.stopping = stopping
        self._waiting = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not scope["path"].startswith(WAITING_CALLS) or b"wait=" not in scope["query_string"]:
            await self.inner(scope, receive, send)
            return
        client = _Client(receive)
        first = await self._ask(scope, client)
        if first.wait is not None and self._waiting < MOST_WAITING:
            self._waiting += 1
            try:
                first = await self._ask_until_over(scope, client, first.wait)
            finally:
                self._waiting -= 1
        await client.close()
        if not client.gone.is_set():
            for message in first.messages:
                await send(message)

    async def _ask_until_over(self, scope: Any, client: "_Client", wait: Wait) -> "_Answer":
        end = asyncio.get_running_loop().time() + wait.seconds
        wake = asyncio.Event()
        with _watching(wait, wake):
            while True:
                answer = await self._ask(scope, client)
                left = end - asyncio.get_running_loop().time()
                if answer.wait is None or left <= 0 or self.stopping.is_set() or client.gone.is_set():
                    return answer
                pause = min(left, LOOK_FOR_FILES_S) if answer.wait.for_files else left
                await _wait_for_any((wake, client.gone, self.stopping), pause)
                wake.clear()

    async def _ask(self, scope: Any, client: "_Client") -> "_Answer":
        answer = _Answer()
        await self.inner(scope, client.make_receive(), answer.collect)
        return answer


class _Client:
    """Gives each asking the same empty request, and notes when the client is gone."""

    def __init__(self, receive: Any) -> None:
        self.gone = asyncio.Event()
        self._task = asyncio.create_task(self._listen(receive))

    async def _listen(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone.set()

    def make_receive(self) -> Callable[[], Awaitable[dict[str, Any]]]:
        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self.gone.wait()
            return {"type": "http.disconnect"}

        return receive

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class _Answer:
    """Collects an answer; `wait` is what its header names, which no client gets to see."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.wait: Wait | None = None

    async def collect(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            name = WAIT_HEADER.lower().encode()
            found = [value for key, value in message["headers"] if key.lower() == name]
            self.wait = Wait.decode(found[0].decode()) if found else None
            kept = [(key, value) for key, value in message["headers"] if key.lower() != name]
            message = message | {"headers": kept}
        self.messages.append(message)


@contextmanager
def _watching(wait: Wait, wake: asyncio.Event) -> Iterator[None]:
    watch = TurnEndWatch(wake, wait.turn_id)
    hub.subscribe(wait.session_id, watch)
    try:
        yield
    finally:
        hub.unsubscribe(wait.session_id, watch)


async def _wait_for_any(events: tuple[asyncio.Event, ...], timeout_s: float) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
