"""Serves the sockets: checks who may listen, replays what a client missed, then follows. PROTOCOL.md section 1."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import InterfaceError, OperationalError

from boocode.db.threads import in_database
from chats.models import SessionLog
from chats.stream import log, socket_frames
from chats.stream.client_frames import Ack, BadFrame, Reconnect, UnknownFrame, parse_client
from chats.stream.hub import Subscription, hub
from chats.stream.sequencing import Window

from .authorization import NOT_FOUND, Admission, Credentials, check_admissions
from .socket_watch import GOING_DOWN, sockets

logger = logging.getLogger(__name__)

ACK_TIMEOUT_S = 20.0
DATABASE_PAUSE_S = 0.5
MAX_BAD_FRAMES = 10

FAILED, TRY_LATER, BAD_INPUT, TOO_SLOW = 1011, 1013, 4400, 4408
FIRST_VISIT = Reconnect(type="reconnect")


class AuthorizedConsumer(AsyncWebsocketConsumer):
    """Serves a socket whose client may listen; closes any other with the reason as its code."""

    channel_layer_alias = "none"  # a layer of its own would make each socket depend on Redis
    session_id: UUID | None = None

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Not Channels' own: that first waits for the one thread that serves all sync code of the process.
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        self.credentials = Credentials.from_scope(self.scope)
        self.bad_frames = 0
        self.has_spoken = False
        self.has_ended = False
        self.tasks: list[asyncio.Task[None]] = []
        await self.accept()
        admission = await self._check_access()
        if admission.code or sockets.going_down:
            await self.end(admission.code or GOING_DOWN)
            return
        sockets.add(self)
        self.begin(admission.user_id)

    def begin(self, user_id: int) -> None:
        """Start to send: the client may listen."""
        raise NotImplementedError

    def leave(self) -> None:
        """Stop to send: the client is gone."""
        raise NotImplementedError

    async def _check_access(self) -> Admission:
        try:
            [admission] = await in_database(check_admissions, [(self.credentials, self.session_id)])
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database did not say who may listen: %s", error)
            return Admission(TRY_LATER)
        return admission

    async def disconnect(self, code: int) -> None:
        self._stop()
        sockets.remove(self)

    async def end(self, code: int) -> None:
        """Close the socket; nothing is sent after that."""
        if not self.has_ended:
            self._stop()
            await self.close(code)

    def _stop(self) -> None:
        self.has_ended = True
        self.leave()
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.has_ended:
            return
        try:
            if text_data is None:
                raise UnknownFrame("Send text frames with JSON, not binary ones.")
            self.handle(parse_client(text_data))
        except BadFrame as error:
            await self._refuse(error)
        self.has_spoken = True

    def handle(self, frame: Reconnect | Ack) -> None:
        """Handle a frame of the client's. May raise BadFrame."""

    async def _refuse(self, error: BadFrame) -> None:
        self.bad_frames += 1
        await self.send(socket_frames.Error(error=str(error), reason="bad_frame").encode())
        if self.bad_frames >= MAX_BAD_FRAMES or self.is_stranger(error):
            await self.end(BAD_INPUT)

    def is_stranger(self, error: BadFrame) -> bool:
        """Tell whether the first frame shows that the client speaks another protocol."""
        return False

    def slow_close_code(self, now: float) -> int:
        """Return the code to close a slow reader's socket with, else 0."""
        return 0

    def send_heartbeat(self, position: log.LogPosition | None) -> None:
        """Send a heartbeat; None for the user's own socket, which has no log."""

    def run_task(self, work: Callable[[], Awaitable[None]]) -> None:
        self.tasks.append(asyncio.create_task(self._close_on_failure(work)))

    async def _close_on_failure(self, work: Callable[[], Awaitable[None]]) -> None:
        """Close the socket if its task fails: the client comes back and is sent what it missed."""
        try:
            await work()
        except SessionLog.DoesNotExist:
            await self.end(NOT_FOUND)
        except Exception:
            logger.exception("The socket of session %s failed", self.session_id)
            await self.end(FAILED)


class SessionConsumer(AuthorizedConsumer):
    """Serves a session's socket.

    Its pump alone sends entries: from the subscription where they are contiguous, else from the log, so that no socket
    ever shows a gap, a duplicate or a wrong order.
    """

    async def connect(self) -> None:
        self.session_id: UUID = _session_id(self.scope["url_route"]["kwargs"]["session_id"])
        self.wake = asyncio.Event()
        self.subscription = Subscription(self.wake)
        self.window = Window()
        self.asked: Reconnect | None = None
        self.epoch: str | None = None
        self.loaded = 0  # the log is sent, or in `backlog`, up to this entry
        self.backlog: deque[tuple[int | None, str]] = deque()
        self.heartbeat: str | None = None
        self.stalled_since: float | None = None
        await super().connect()

    def begin(self, user_id: int) -> None:
        hub.subscribe(self.session_id, self.subscription)
        self.run_task(self._pump)

    def leave(self) -> None:
        hub.unsubscribe(self.session_id, self.subscription)

    def handle(self, frame: Reconnect | Ack) -> None:
        if isinstance(frame, Ack):
            self.window.record_ack(frame.ord)
            self.stalled_since = None
        else:
            self.asked = frame  # the last one wins
            self.backlog.clear()
        self.wake.set()

    def is_stranger(self, error: BadFrame) -> bool:
        return isinstance(error, UnknownFrame) and not self.has_spoken

    def slow_close_code(self, now: float) -> int:
        stalled = self.stalled_since is not None and now - self.stalled_since > ACK_TIMEOUT_S
        return TOO_SLOW if stalled else 0

    def send_heartbeat(self, position: log.LogPosition | None) -> None:
        assert position is not None
        self.heartbeat = position.frame
        self.subscription.announce_head(position.epoch, position.ord)
        self.wake.set()

    async def _pump(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            try:
                while self.window.is_open and await self._send_something():
                    pass
            except (OperationalError, InterfaceError) as error:
                logger.warning("The log of session %s can't be read: %s", self.session_id, error)
                await asyncio.sleep(DATABASE_PAUSE_S)
                self.wake.set()
            if not self.window.is_open and self.stalled_since is None:
                self.stalled_since = time.monotonic()

    async def _send_something(self) -> bool:
        """Send or load the next thing; False where there is none."""
        if self.asked is not None:
            await self._answer(self.asked)
        elif self.backlog:
            await self._send_line(*self.backlog.popleft())
        elif self.epoch is None:
            return False  # nobody asked yet
        elif self.subscription.is_deleted:
            raise SessionLog.DoesNotExist
        elif self.subscription.epoch != self.epoch:
            self.asked = FIRST_VISIT  # history was rewritten: what the client has can't be continued
        elif self.loaded < self.subscription.head:
            await self._load()
        elif self.heartbeat is not None:
            frame, self.heartbeat = self.heartbeat, None
            await self._send_line(self.loaded, frame)
        else:
            return False
        return True

    async def _answer(self, asked: Reconnect) -> None:
        answer = await in_database(log.read_resumption, self.session_id, asked.last_seq_per_channel, asked.epoch)
        if self.asked is not asked:
            return  # another one came meanwhile
        self.asked = None
        self.window.restart(answer.frames[0][0] or 0)
        self.backlog = deque(answer.frames)
        self.epoch, self.loaded = answer.epoch, answer.ord
        self.subscription.reset(answer.epoch, answer.ord)

    async def _load(self) -> None:
        """Load the entries that follow: from the subscription, or from the log where the subscription has a gap."""
        after, head, epoch = self.loaded, self.subscription.head, self.subscription.epoch
        lines: list[str] | None = self.subscription.pop_lines(after)
        if not lines:
            lines = await in_database(log.read_after, self.session_id, epoch, after)
        if self.asked is not None:
            return
        if lines is None:
            self.asked = FIRST_VISIT  # it can't be continued: what comes next was pruned, or is another history
        elif lines:
            self.backlog.extend(enumerate(lines, after + 1))
            self.loaded = after + len(lines)
        elif self.subscription.head == head:
            self.subscription.head = after  # the log does not reach as far as was announced

    async def _send_line(self, ord: int | None, line: str) -> None:
        if ord is not None:
            self.window.record_sent(ord, len(line))
        await self.send(line)


def _session_id(text: str) -> UUID:
    """Parse a session's id. A text that is none becomes the id of no session, which is refused as unknown."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


class UserConsumer(AuthorizedConsumer):
    """Serves a user's own socket: what happens to their list of sessions. A client that reconnects reloads the list."""

    def begin(self, user_id: int) -> None:
        self.user_id = user_id
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        hub.add_listener(user_id, self._enqueue)
        self.run_task(self._pump)

    def leave(self) -> None:
        if hasattr(self, "user_id"):
            hub.remove_listener(self.user_id, self._enqueue)

    def send_heartbeat(self, position: log.LogPosition | None) -> None:
        self._enqueue(socket_frames.Alive().encode())

    def _enqueue(self, line: str) -> None:
        self.lines.put_nowait(line)

    async def _pump(self) -> None:
        while True:
            await self.send(await self.lines.get())
