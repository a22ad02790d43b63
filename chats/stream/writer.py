"""Appends frames to sessions' logs, then publishes them. All frames go through here.

In the event loop `writer.emit` and `writer.commit` hand writes to one task, which commits those of all sessions in one
transaction; writes that arrive meanwhile go with the next. At low load every delta goes out at once, and under load the
batches grow by themselves. Sync code calls `append` inside its own transaction. `notify_user` is for the user sockets,
which have no log.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from django.db import transaction

from . import log
from .commit import (
    Batch,
    Change,
    Committed,
    Fence,
    Fenced,
    PendingWrite,
    SessionAppend,
    SessionGone,
    commit_with_retries,
    write_appends,
)
from .frames import Logged
from .hub import hub
from .socket_frames import UserFrame

__all__ = ["Change", "Fence", "Fenced", "SessionGone", "Writer", "append", "notify_user", "writer"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
MAX_REST_S = 0.05


def append(session_id: UUID, frames: Sequence[Logged]) -> None:
    """Append frames inside the caller's transaction; they are published when it commits. Sync. Raises SessionGone.

    Call it, or `log.lock`, before other rows are changed: the writer takes the log's lock first, too.
    """
    with transaction.atomic():
        row = log.lock([session_id]).get(session_id)
        if row is None:
            raise SessionGone(session_id)
        appended = SessionAppend(row)
        appended.add_frames(frames)
        for committed in write_appends([appended]):
            transaction.on_commit(lambda committed=committed: _publish_from_thread(committed))  # type: ignore[misc]


def notify_user(user_id: int, frame: UserFrame) -> None:
    """Send a frame to all of a user's sockets once the caller's transaction is committed. Sync."""
    line = frame.encode()
    transaction.on_commit(lambda: hub.notify_user_from_thread(user_id, line))


def _publish_from_thread(committed: Committed) -> None:
    entries = committed.entries
    hub.publish_from_thread(committed.session_id, committed.epoch, entries.first_ord, entries.lines)
    for line in committed.owner_lines:
        hub.notify_user_from_thread(committed.owner_id, line)


def _publish(committed: Committed) -> None:
    entries = committed.entries
    hub.publish(committed.session_id, committed.epoch, entries.first_ord, entries.lines)
    for line in committed.owner_lines:
        hub.notify_user(committed.owner_id, line)


class Writer:
    """Commits and publishes the pending writes of all sessions of this process."""

    def __init__(self) -> None:
        self._pending: list[PendingWrite] = []
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()
        self._ending = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")

    async def start(self) -> None:
        """Start the task that commits."""
        self._ending.clear()
        self._wake, self._urgent = asyncio.Event(), asyncio.Event()  # an event belongs to the loop that waited for it
        self._wake.set()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Commit what is pending, if the database allows it, and end."""
        if self._task is not None:
            self._ending.set()
            self._wake.set()
            self._urgent.set()
            await self._task
            self._task = None

    def emit(self, session_id: UUID, frame: Logged, fence: Fence | None = None) -> None:
        """Append a frame with the next commit; nothing is waited for."""
        self._pending.append(PendingWrite(session_id, frame, fence))
        self._wake.set()

    def commit(self, session_id: UUID, change: Change[T], fence: Fence | None = None) -> asyncio.Future[T]:
        """Run `change` in one transaction with the append of the frames that it returns.

        Await the future for the change's result, or for what it raised, Fenced, or SessionGone. The frames are ordered
        by this call, not by the `await`. The change may be run again when the database fails, so it changes nothing but
        rows.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append(PendingWrite(session_id, change, fence, done))
        self._urgent.set()
        self._wake.set()
        return done

    async def _run(self) -> None:
        while self._pending or not self._ending.is_set():
            await self._wake.wait()
            began = time.monotonic()
            await self._commit_pending()
            rest = min(time.monotonic() - began, MAX_REST_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._urgent.wait()

    async def _commit_pending(self) -> None:
        writes, self._pending = self._pending, []
        self._wake.clear()
        self._urgent.clear()
        if not writes:
            return
        loop = asyncio.get_running_loop()
        try:
            for committed in await loop.run_in_executor(self._thread, commit_with_retries, Batch(writes), self._ending):
                _publish(committed)
        except Exception as error:
            logger.exception("The log could not be written")
            for write in writes:
                write.failure = error
        for write in writes:
            _resolve(write)


def _resolve(write: PendingWrite) -> None:
    if write.done is None or write.done.done():
        return
    if write.failure is not None:
        write.done.set_exception(write.failure)
    else:
        write.done.set_result(write.result)


writer = Writer()
