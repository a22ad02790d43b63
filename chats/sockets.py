"""The open sockets of this process, and the one task that looks after all of them: who is still allowed, who reads no
more, whose heartbeat is due. One task and few queries, however many sockets there are."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from boocode.database import in_database

from . import log
from .admission import Admission, Credentials, admit

logger = logging.getLogger(__name__)

TICK_S = 1.0
ROUND_S = 15.0
"""The heartbeat's beat, and for how long somebody who was logged out may go on listening, at most."""
FAREWELL_S = 1.0
GOING_DOWN = 1012

Report = tuple[list[Admission], dict[UUID, log.Heartbeat]]


class Socket(Protocol):
    """What the sockets' keeper knows of one."""

    credentials: Credentials
    session_id: UUID | None

    async def end(self, code: int) -> None:
        """Close it; nothing is sent after that."""

    def is_too_slow(self, now: float) -> int:
        """The code to close it with, 0 while its reader keeps up. `now` as of time.monotonic()."""

    def beat(self, heartbeat: log.Heartbeat | None) -> None:
        """Send it, once all that it speaks of is sent; where there is no session, any sign of life."""


class Sockets:
    """The keeper of this process's sockets."""

    def __init__(self) -> None:
        self.going_down = False
        self._due: dict[Socket, float] = {}
        self._left = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def add(self, socket: Socket) -> None:
        self._due[socket] = time.monotonic() + ROUND_S
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def remove(self, socket: Socket) -> None:
        self._due.pop(socket, None)
        self._left.set()

    async def close_all(self) -> None:
        """Tell every client that the server goes down, so that it comes back soon, and wait until they have heard."""
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
                if code := socket.is_too_slow(now):
                    await socket.end(code)
            due = [socket for socket, at in self._due.items() if at <= now]
            try:
                await self._round(due)
            except Exception as error:
                logger.warning("The sockets can't be looked after: %s", error)

    async def _round(self, due: list[Socket]) -> None:
        if not due:
            return
        for socket in due:
            self._due[socket] += ROUND_S
        admissions, heartbeats = await in_database(_report, [(s.credentials, s.session_id) for s in due])
        for socket, admission in zip(due, admissions, strict=True):
            if admission.code:
                await socket.end(admission.code)
            elif socket.session_id is None:
                socket.beat(None)
            elif socket.session_id in heartbeats:
                socket.beat(heartbeats[socket.session_id])


def _report(asking: Sequence[tuple[Credentials, UUID | None]]) -> Report:
    return admit(asking), log.heartbeats({pk for _, pk in asking if pk is not None})


sockets = Sockets()
