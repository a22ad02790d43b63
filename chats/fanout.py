"""Who hears of new log entries: the sockets of this process at once, other processes by way of `crosstalk`.

Everything here may be lost, repeated or late. The log is the truth, and each socket reads from it what it missed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from uuid import UUID

from boocode.database import in_database

from . import log
from .crosstalk import Crosstalk, Message

logger = logging.getLogger(__name__)

POLL_S = 1.0
FEED_BYTES = 256 * 1024


class Feed:
    """One socket's entries on their way. It holds what is contiguous and little; the rest is read from the log.

    `epoch` and `head` say how far the log is known to reach; `is_gone`, that the session was deleted.
    """

    def __init__(self, wake: asyncio.Event) -> None:
        self._wake = wake
        self._lines: deque[str] = deque()
        self._first = 0
        self._bytes = 0
        self.epoch = ""
        self.head = 0
        self.is_gone = False

    def push(self, epoch: str, first_ord: int, lines: list[str]) -> None:
        if epoch != self.epoch:
            self.reset(epoch, 0)
        end = self._first + len(self._lines)
        size = sum(map(len, lines))
        if not self._lines and size <= FEED_BYTES:
            self._first, self._bytes = first_ord, size
            self._lines.extend(lines)
        elif first_ord == end and self._bytes + size <= FEED_BYTES:
            self._lines.extend(lines)
            self._bytes += size
        self.ring(epoch, first_ord + len(lines) - 1)

    def ring(self, epoch: str, head: int) -> None:
        """Say that the log reaches to `head`."""
        if epoch != self.epoch:
            self.reset(epoch, 0)
        if head > self.head:
            self.head = head
            self._wake.set()

    def reset(self, epoch: str, head: int) -> None:
        """Begin anew: another epoch, or an answer to `reconnect` that told all up to `head`."""
        if epoch != self.epoch:
            self._lines.clear()
            self._bytes = 0
            self.epoch, self.head = epoch, head
        self.head = max(self.head, head)
        self._wake.set()

    def end(self) -> None:
        self.is_gone = True
        self._wake.set()

    def take(self, after: int) -> list[str]:
        """The entries that follow `after` without a gap; empty where they have to be read from the log."""
        skip = after + 1 - self._first
        lines, self._lines = self._lines, deque()
        self._bytes = 0
        return list(lines)[skip:] if 0 <= skip < len(lines) else []


Ear = Callable[[str], None]
"""Is told each frame for a user, as JSON text. Must not block."""


class Hub:
    """The feeds of this process by session, and its ears by user."""

    def __init__(self) -> None:
        self._feeds: dict[UUID, set[Feed]] = {}
        self._ears: dict[int, set[Ear]] = {}
        self._others = Crosstalk(self._heard)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poll_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._poll_task = asyncio.create_task(self._poll())
        await self._others.start()

    async def stop(self) -> None:
        if self._poll_task is not None:
            self._poll_task.cancel()
            await asyncio.gather(self._poll_task, return_exceptions=True)
        await self._others.stop()
        self._loop = None

    # --- Sessions ---------------------------------------------------------------------------------------------

    def subscribe(self, session_id: UUID, feed: Feed) -> None:
        self._feeds.setdefault(session_id, set()).add(feed)
        self._others.join(_session_topic(session_id))

    def unsubscribe(self, session_id: UUID, feed: Feed) -> None:
        feeds = self._feeds.get(session_id, set())
        feeds.discard(feed)
        if not feeds and self._feeds.pop(session_id, None) is not None:
            self._others.leave(_session_topic(session_id))

    def publish(self, session_id: UUID, epoch: str, first_ord: int, lines: list[str]) -> None:
        """Tell of entries, after their commit. In the event loop."""
        for feed in self._feeds.get(session_id, ()):
            feed.push(epoch, first_ord, lines)
        self._others.say(_session_topic(session_id), _entries(session_id, epoch, first_ord, lines))

    def publish_from_thread(self, session_id: UUID, epoch: str, first_ord: int, lines: list[str]) -> None:
        """The same from sync code: a request's thread, or a command that has no event loop."""
        if not self._in_loop(self.publish, session_id, epoch, first_ord, lines):
            message = _entries(session_id, epoch, first_ord, lines)
            self._others.say_from_thread(_session_topic(session_id), message)

    # --- Users ------------------------------------------------------------------------------------------------

    def listen(self, user_id: int, ear: Ear) -> None:
        self._ears.setdefault(user_id, set()).add(ear)
        self._others.join(_user_topic(user_id))

    def unlisten(self, user_id: int, ear: Ear) -> None:
        ears = self._ears.get(user_id, set())
        ears.discard(ear)
        if not ears and self._ears.pop(user_id, None) is not None:
            self._others.leave(_user_topic(user_id))

    def tell(self, user_id: int, line: str) -> None:
        """A frame for all of a user's own sockets. Kept nowhere: who reconnects reloads."""
        self._tell_here(user_id, line)
        self._others.say(_user_topic(user_id), {"user": user_id, "line": line})

    def tell_from_thread(self, user_id: int, line: str) -> None:
        if not self._in_loop(self.tell, user_id, line):
            self._others.say_from_thread(_user_topic(user_id), {"user": user_id, "line": line})

    def _tell_here(self, user_id: int, line: str) -> None:
        for ear in list(self._ears.get(user_id, ())):
            ear(line)

    # --- Both -------------------------------------------------------------------------------------------------

    def _in_loop(self, function: Callable[..., None], *arguments: object) -> bool:
        if self._loop is None or self._loop.is_closed():
            return False
        self._loop.call_soon_threadsafe(function, *arguments)
        return True

    def _heard(self, message: Message) -> None:
        """From another process."""
        if "user" in message:
            self._tell_here(message["user"], message["line"])
            return
        for feed in self._feeds.get(UUID(message["session"]), ()):
            if message["lines"]:
                feed.push(message["epoch"], message["first"], message["lines"])
            else:
                feed.ring(message["epoch"], message["last"])

    async def _poll(self) -> None:
        """Ask the log itself how far it reaches, so that a lost doorbell costs a second at most."""
        while True:
            await asyncio.sleep(POLL_S)
            asked = list(self._feeds)
            if not asked:
                continue
            try:
                standings = await in_database(log.standings, asked)
            except Exception as error:
                logger.warning("The log can't be read: %s", error)
                continue
            for session_id in asked:
                for feed in self._feeds.get(session_id, ()):
                    if session_id in standings:
                        feed.ring(*standings[session_id])
                    else:
                        feed.end()


def _entries(session_id: UUID, epoch: str, first_ord: int, lines: list[str]) -> Message:
    """A large commit is only announced: whoever wants it reads the log."""
    place = {"session": str(session_id), "epoch": epoch, "first": first_ord, "last": first_ord + len(lines) - 1}
    return place | {"lines": lines if sum(map(len, lines)) <= FEED_BYTES else []}


def _session_topic(session_id: UUID) -> str:
    return f"session.{session_id}"


def _user_topic(user_id: int) -> str:
    return f"user.{user_id}"


hub = Hub()
