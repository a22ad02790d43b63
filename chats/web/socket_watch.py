"""Watches the open sockets of this process: closes those that may not listen any more or read too slowly, and sends
heartbeats. One task and few queries, however many sockets there are."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from boocode.db.threads import in_database
from chats.stream import log

from .authorization import Admission, Credentials, check_admissions

logger = logging.getLogger(__name__)

TICK_S = 1.0
ROUND_S = 15.0
"""How often heartbeats are sent and access is checked: so long a person who was logged out may go on listening."""
FAREWELL_S = 1.0
GOING_DOWN = 1012

Report = tuple[list[Admission], dict[UUID, log.LogPosition]]


class WatchedSocket(Protocol):
    """Describes what the watch needs of a socket."""

    credentials: Credentials
    session_id: UUID | None

    async def end(self, code: int) -> None:
        """Close the socket; nothing is sent after that."""

    def slow_close_code(self, now: float) -> int:
        """Return the code to close a slow reader's socket with, else 0. `now` as of time.monotonic()."""

    def send_heartbeat(self, position: log.LogPosition | None) -> None:
        """Send a heartbeat once all entries up to it are sent; None for the user's own socket, which has no log."""


class SocketWatch:
    """Watches all open sockets of this process."""

    def __init__(self) -> None:
        self.going_down = False
        self._due: dict[WatchedSocket, float] = {}
        self._left = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def add(self, socket: WatchedSocket) -> None:
        """Watch a socket from now on."""
        self._due[socket] = time.monotonic() + ROUND_S
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def remove(self, socket: WatchedSocket) -> None:
        """Watch a socket no more: it is closed."""
        self._due.pop(socket, None)
        self._left.set()

    async def close_all(self) -> None:
        """Close every socket with the code for a restart, so that clients come back soon; wait FAREWELL_S at most."""
        self.going_down = True
        await asyncio.gather(*(socket.end(GOING_DOWN) for socket in list(self._due)), return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                while self._due:
                    self._left.clear()
                    await self._left.wait()

    async def _run(self) -> None:
        while self._due:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            for socket in list(self._due):
                if code := socket.slow_close_code(now):
                    await socket.end(code)
            due = [socket for socket, at in self._due.items() if at <= now]
            try:
                await self._check_due(due)
            except Exception as error:
                logger.warning("The sockets can't be looked after: %s", error)

    async def _check_due(self, due: list[WatchedSocket]) -> None:
        if not due:
            return
        for socket in due:
            self._due[socket] += ROUND_S
        admissions, positions = await in_database(_read_report, [(s.credentials, s.session_id) for s in due])
        for socket, admission in zip(due, admissions, strict=True):
            if admission.code:
                await socket.end(admission.code)
            elif socket.session_id is None:
                socket.send_heartbeat(None)
            elif socket.session_id in positions:
                socket.send_heartbeat(positions[socket.session_id])


def _read_report(asking: Sequence[tuple[Credentials, UUID | None]]) -> Report:
    return check_admissions(asking), log.read_positions({pk for _, pk in asking if pk is not None})


sockets = SocketWatch()
