"""The one door for frames: what goes through here is appended to a session's log, then published.

In the event loop `writer.emit` and `writer.commit` hand work to one task, which commits what is pending of all sessions
in one transaction; what arrives meanwhile goes with the next. At low load every delta goes out at once, and under load
the batches grow by themselves. Sync code calls `append` inside its own transaction. `tell` is for the user's own
sockets, which have no log.
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
from .batch import Batch, Change, Draft, Fence, Fenced, News, SessionGone, Work, commit_patiently, write
from .fanout import hub
from .wire import Logged, UserFrame

__all__ = ["Change", "Fence", "Fenced", "SessionGone", "Writer", "append", "tell", "writer"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
MAX_REST_S = 0.05


def append(session_id: UUID, frames: Sequence[Logged]) -> None:
    """Append to the log inside the caller's transaction; published when it commits. Sync. Raises SessionGone.

    Call it, or `log.lock`, before other rows are changed: the writer takes the log's lock first, too.
    """
    with transaction.atomic():
        row = log.lock([session_id]).get(session_id)
        if row is None:
            raise SessionGone(session_id)
        draft = Draft(row)
        draft.add(frames)
        for news in write([draft]):
            transaction.on_commit(lambda news=news: _publish_from_thread(news))  # type: ignore[misc]


def tell(user_id: int, frame: UserFrame) -> None:
    """Tell a user's own sockets, once the caller's transaction is committed. Sync."""
    line = frame.encode()
    transaction.on_commit(lambda: hub.tell_from_thread(user_id, line))


def _publish_from_thread(news: News) -> None:
    hub.publish_from_thread(news.session_id, news.epoch, news.placed.first_ord, news.placed.lines)
    for line in news.for_owner:
        hub.tell_from_thread(news.owner_id, line)


def _publish(news: News) -> None:
    hub.publish(news.session_id, news.epoch, news.placed.first_ord, news.placed.lines)
    for line in news.for_owner:
        hub.tell(news.owner_id, line)


class Writer:
    """The process's one committer."""

    def __init__(self) -> None:
        self._pending: list[Work] = []
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()
        self._ending = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")

    async def start(self) -> None:
        self._ending.clear()
        self._wake, self._urgent = asyncio.Event(), asyncio.Event()  # an event belongs to the loop that waited for it
        self._wake.set()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Commit what is pending, if the database lets it, and end."""
        if self._task is not None:
            self._ending.set()
            self._wake.set()
            self._urgent.set()
            await self._task
            self._task = None

    def emit(self, session_id: UUID, frame: Logged, fence: Fence | None = None) -> None:
        """Append a frame, soon."""
        self._pending.append(Work(session_id, frame, fence))
        self._wake.set()

    def commit(self, session_id: UUID, change: Change[T], fence: Fence | None = None) -> asyncio.Future[T]:
        """Run `change` in a transaction together with the append of the frames it returns; await the future for its
        result. Its place among the session's entries is that of this call, not of the `await`.

        It may be run again when the database fails, so it changes nothing but rows. Raises what it raises, Fenced, or
        SessionGone.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append(Work(session_id, change, fence, done))
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
        works, self._pending = self._pending, []
        self._wake.clear()
        self._urgent.clear()
        if not works:
            return
        loop = asyncio.get_running_loop()
        try:
            for news in await loop.run_in_executor(self._thread, commit_patiently, Batch(works), self._ending):
                _publish(news)
        except Exception as error:
            logger.exception("The log could not be written")
            for work in works:
                work.failure = error
        for work in works:
            _resolve(work)


def _resolve(work: Work) -> None:
    if work.done is None or work.done.done():
        return
    if work.failure is not None:
        work.done.set_exception(work.failure)
    else:
        work.done.set_result(work.outcome)


writer = Writer()
