"""Delivers new log entries to the sockets of this process at once, and to other processes through the relay.

A delivery may be lost, repeated or late. The log is the truth, and each socket reads from it what it missed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from uuid import UUID

from boocode.db.threads import in_database

from . import log
from .relay import Message, Relay

logger = logging.getLogger(__name__)

POLL_S = 1.0
MAX_HELD_BYTES = 256 * 1024


class Subscription:
    """Holds the entries for one socket while they are contiguous and few; the socket reads the rest from the log.

    `epoch` and `head` say how far the log is known to reach; `is_deleted`, that the session was deleted.
    """

    def __init__(self, wake: asyncio.Event) -> None:
        self._wake = wake
        self._lines: deque[str] = deque()
        self._first = 0
        self._bytes = 0
        self.epoch = ""
        self.head = 0
        self.is_deleted = False

    def push_lines(self, epoch: str, first_ord: int, lines: list[str]) -> None:
        """Add new entries, or only note that they exist where there is no room or a gap."""
        if epoch != self.epoch:
            self.reset(epoch, 0)
        end = self._first + len(self._lines)
        size = sum(map(len, lines))
        if not self._lines and size <= MAX_HELD_BYTES:
            self._first, self._bytes = first_ord, size
            self._lines.extend(lines)
        elif first_ord == end and self._bytes + size <= MAX_HELD_BYTES:
            self._lines.extend(lines)
            self._bytes += size
        self.announce_head(epoch, first_ord + len(lines) - 1)

    def announce_head(self, epoch: str, head: int) -> None:
        """Note that the log reaches to `head`, and wake the socket."""
        if epoch != self.epoch:
            self.reset(epoch, 0)
        if head > self.head:
            self.head = head
            self._wake.set()

    def reset(self, epoch: str, head: int) -> None:
        """Begin again after `head`: with another epoch, or after an answer to `reconnect`."""
        if epoch != self.epoch:
            self._lines.clear()
            self._bytes = 0
            self.epoch, self.head = epoch, head
        self.head = max(self.head, head)
        self._wake.set()

    def mark_deleted(self) -> None:
        """Note that the session was deleted, and wake the socket."""
        self.is_deleted = True
        self._wake.set()

    def pop_lines(self, after: int) -> list[str]:
        """Remove and return the entries that follow `after` without a gap; empty where the log has to be read."""
        skip = after + 1 - self._first
        lines, self._lines = self._lines, deque()
        self._bytes = 0
        return list(lines)[skip:] if 0 <= skip < len(lines) else []


Listener = Callable[[str], None]
"""Gets each frame for a user, as JSON text. Must not block."""


class Hub:
    """Holds the subscriptions of this process by session, and its listeners by user."""

    def __init__(self) -> None:
        self._subscriptions: dict[UUID, set[Subscription]] = {}
        self._listeners: dict[int, set[Listener]] = {}
        self._relay = Relay(self._receive)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poll_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the relay and the poll of the log's heads."""
        self._loop = asyncio.get_running_loop()
        self._poll_task = asyncio.create_task(self._poll())
        await self._relay.start()

    async def stop(self) -> None:
        """Stop both; afterwards nothing is delivered."""
        if self._poll_task is not None:
            self._poll_task.cancel()
            await asyncio.gather(self._poll_task, return_exceptions=True)
        await self._relay.stop()
        self._loop = None

    # --- Sessions ---------------------------------------------------------------------------------------------

    def subscribe(self, session_id: UUID, subscription: Subscription) -> None:
        """Deliver the session's entries to this subscription from now on."""
        self._subscriptions.setdefault(session_id, set()).add(subscription)
        self._relay.join(_session_group(session_id))

    def unsubscribe(self, session_id: UUID, subscription: Subscription) -> None:
        """Deliver nothing more to this subscription."""
        subscriptions = self._subscriptions.get(session_id, set())
        subscriptions.discard(subscription)
        if not subscriptions and self._subscriptions.pop(session_id, None) is not None:
            self._relay.leave(_session_group(session_id))

    def publish(self, session_id: UUID, epoch: str, first_ord: int, lines: list[str]) -> None:
        """Deliver entries after their commit. In the event loop."""
        for subscription in self._subscriptions.get(session_id, ()):
            subscription.push_lines(epoch, first_ord, lines)
        self._relay.send(_session_group(session_id), _build_message(session_id, epoch, first_ord, lines))

    def publish_from_thread(self, session_id: UUID, epoch: str, first_ord: int, lines: list[str]) -> None:
        """Deliver entries from sync code: a request's thread, or a command that has no event loop."""
        if not self._in_loop(self.publish, session_id, epoch, first_ord, lines):
            message = _build_message(session_id, epoch, first_ord, lines)
            self._relay.send_from_thread(_session_group(session_id), message)

    # --- Users ------------------------------------------------------------------------------------------------

    def add_listener(self, user_id: int, listener: Listener) -> None:
        """Call `listener` with each frame for the user from now on."""
        self._listeners.setdefault(user_id, set()).add(listener)
        self._relay.join(_user_group(user_id))

    def remove_listener(self, user_id: int, listener: Listener) -> None:
        """Call `listener` no more."""
        listeners = self._listeners.get(user_id, set())
        listeners.discard(listener)
        if not listeners and self._listeners.pop(user_id, None) is not None:
            self._relay.leave(_user_group(user_id))

    def notify_user(self, user_id: int, line: str) -> None:
        """Send a frame to all of a user's sockets. It is not kept: a client that reconnects reloads its list."""
        self._notify_here(user_id, line)
        self._relay.send(_user_group(user_id), {"user": user_id, "line": line})

    def notify_user_from_thread(self, user_id: int, line: str) -> None:
        """Send a frame to all of a user's sockets, from sync code."""
        if not self._in_loop(self.notify_user, user_id, line):
            self._relay.send_from_thread(_user_group(user_id), {"user": user_id, "line": line})

    def _notify_here(self, user_id: int, line: str) -> None:
        for listener in list(self._listeners.get(user_id, ())):
            listener(line)

    # --- Both -------------------------------------------------------------------------------------------------

    def _in_loop(self, function: Callable[..., None], *arguments: object) -> bool:
        if self._loop is None or self._loop.is_closed():
            return False
        self._loop.call_soon_threadsafe(function, *arguments)
        return True

    def _receive(self, message: Message) -> None:
        """Deliver what another process sent."""
        if "user" in message:
            self._notify_here(message["user"], message["line"])
            return
        for subscription in self._subscriptions.get(UUID(message["session"]), ()):
            if message["lines"]:
                subscription.push_lines(message["epoch"], message["first"], message["lines"])
            else:
                subscription.announce_head(message["epoch"], message["last"])

    async def _poll(self) -> None:
        """Read each second how far the logs reach, so that a lost delivery costs a second at most."""
        while True:
            await asyncio.sleep(POLL_S)
            asked = list(self._subscriptions)
            if not asked:
                continue
            try:
                heads = await in_database(log.read_heads, asked)
            except Exception as error:
                logger.warning("The log can't be read: %s", error)
                continue
            for session_id in asked:
                for subscription in self._subscriptions.get(session_id, ()):
                    if session_id in heads:
                        subscription.announce_head(*heads[session_id])
                    else:
                        subscription.mark_deleted()


def _build_message(session_id: UUID, epoch: str, first_ord: int, lines: list[str]) -> Message:
    """Build the message to other processes. A large commit is only announced: the sockets read it from the log."""
    message = {"session": str(session_id), "epoch": epoch, "first": first_ord, "last": first_ord + len(lines) - 1}
    return message | {"lines": lines if sum(map(len, lines)) <= MAX_HELD_BYTES else []}


def _session_group(session_id: UUID) -> str:
    return f"session.{session_id}"


def _user_group(user_id: int) -> str:
    return f"user.{user_id}"


hub = Hub()
