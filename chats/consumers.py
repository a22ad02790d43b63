"""The sockets: who may listen, what they missed, and what comes next. PROTOCOL.md section 1."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import InterfaceError, OperationalError

from boocode.database import in_database

from . import log, wire
from .admission import NOT_FOUND, Admission, Credentials, admit
from .fanout import Feed, hub
from .models import SessionLog
from .sockets import GOING_DOWN, sockets
from .stream import Window

logger = logging.getLogger(__name__)

ACK_TIMEOUT_S = 20.0
DATABASE_PAUSE_S = 0.5
MAX_BAD_FRAMES = 10

FAILED, TRY_LATER, BAD_INPUT, TOO_SLOW = 1011, 1013, 4400, 4408
FIRST_VISIT = wire.Reconnect(type="reconnect")


class Listener(AsyncWebsocketConsumer):
    """A socket of somebody who may listen. Closes with the reason as its code."""

    channel_layer_alias = "none"  # a layer of its own would make each socket depend on Redis
    session_id: UUID | None = None

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Not Channels' own: that first waits for the one thread that serves all sync code of the process.
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        self.credentials = Credentials.of(self.scope)
        self.bad_frames = 0
        self.has_spoken = False
        self.has_ended = False
        self.tasks: list[asyncio.Task[None]] = []
        await self.accept()
        admission = await self._ask()
        if admission.code or sockets.going_down:
            await self.end(admission.code or GOING_DOWN)
            return
        sockets.add(self)
        self.begin(admission.user_id)

    def begin(self, user_id: int) -> None:
        """The client is allowed to listen."""
        raise NotImplementedError

    def leave(self) -> None:
        """The client is gone."""
        raise NotImplementedError

    async def _ask(self) -> Admission:
        try:
            [admission] = await in_database(admit, [(self.credentials, self.session_id)])
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
                raise wire.NoFrame("Send text frames with JSON, not binary ones.")
            self.take(wire.parse_client(text_data))
        except wire.BadFrame as error:
            await self._refuse(error)
        self.has_spoken = True

    def take(self, frame: wire.Reconnect | wire.Ack) -> None:
        """A good frame came. May raise BadFrame."""

    async def _refuse(self, error: wire.BadFrame) -> None:
        self.bad_frames += 1
        await self.send(wire.Error(error=str(error), reason="bad_frame").encode())
        if self.bad_frames >= MAX_BAD_FRAMES or self.is_stranger(error):
            await self.end(BAD_INPUT)

    def is_stranger(self, error: wire.BadFrame) -> bool:
        """Whether this socket's first word shows that its client speaks another protocol."""
        return False

    def is_too_slow(self, now: float) -> int:
        return 0

    def beat(self, heartbeat: log.Heartbeat | None) -> None:
        """A round was made. The heartbeat is the session's; None for the user's own socket."""

    def do(self, work: Callable[[], Awaitable[None]]) -> None:
        self.tasks.append(asyncio.create_task(self._guarded(work)))

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """A socket whose task failed closes: the client comes back and is told where it stands."""
        try:
            await work()
        except SessionLog.DoesNotExist:
            await self.end(NOT_FOUND)
        except Exception:
            logger.exception("The socket of session %s failed", self.session_id)
            await self.end(FAILED)


class SessionConsumer(Listener):
    """A session's socket. Its pump alone sends entries: it takes them from the feed where they are contiguous, and from
    the log where they are not, so that no socket ever shows a gap, a duplicate or a wrong order."""

    async def connect(self) -> None:
        self.session_id: UUID = _session_id(self.scope["url_route"]["kwargs"]["session_id"])
        self.wake = asyncio.Event()
        self.feed = Feed(self.wake)
        self.window = Window()
        self.asked: wire.Reconnect | None = None
        self.epoch: str | None = None
        self.loaded = 0  # the log is sent, or in `backlog`, up to this entry
        self.backlog: deque[log.Line] = deque()
        self.heartbeat: str | None = None
        self.stalled_since: float | None = None
        await super().connect()

    def begin(self, user_id: int) -> None:
        hub.subscribe(self.session_id, self.feed)
        self.do(self._pump)

    def leave(self) -> None:
        hub.unsubscribe(self.session_id, self.feed)

    def take(self, frame: wire.Reconnect | wire.Ack) -> None:
        if isinstance(frame, wire.Ack):
            self.window.acked(frame.ord)
            self.stalled_since = None
        else:
            self.asked = frame  # the last one wins
            self.backlog.clear()
        self.wake.set()

    def is_stranger(self, error: wire.BadFrame) -> bool:
        return isinstance(error, wire.NoFrame) and not self.has_spoken

    def is_too_slow(self, now: float) -> int:
        stalled = self.stalled_since is not None and now - self.stalled_since > ACK_TIMEOUT_S
        return TOO_SLOW if stalled else 0

    def beat(self, heartbeat: log.Heartbeat | None) -> None:
        assert heartbeat is not None
        self.heartbeat = heartbeat.frame
        self.feed.ring(heartbeat.epoch, heartbeat.ord)
        self.wake.set()

    async def _pump(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            try:
                while self.window.open and await self._send_something():
                    pass
            except (OperationalError, InterfaceError) as error:
                logger.warning("The log of session %s can't be read: %s", self.session_id, error)
                await asyncio.sleep(DATABASE_PAUSE_S)
                self.wake.set()
            if not self.window.open and self.stalled_since is None:
                self.stalled_since = time.monotonic()

    async def _send_something(self) -> bool:
        """Do the next thing that is to be done; False where there is none."""
        if self.asked is not None:
            await self._answer(self.asked)
        elif self.backlog:
            await self._send_line(*self.backlog.popleft())
        elif self.epoch is None:
            return False  # nobody asked yet
        elif self.feed.is_gone:
            raise SessionLog.DoesNotExist
        elif self.feed.epoch != self.epoch:
            self.asked = FIRST_VISIT  # history was rewritten: what the client has can't be continued
        elif self.loaded < self.feed.head:
            await self._load()
        elif self.heartbeat is not None:
            frame, self.heartbeat = self.heartbeat, None
            await self._send_line(self.loaded, frame)
        else:
            return False
        return True

    async def _answer(self, asked: wire.Reconnect) -> None:
        answer = await in_database(log.resume, self.session_id, asked.last_seq_per_channel, asked.epoch)
        if self.asked is not asked:
            return  # another one came meanwhile
        self.asked = None
        self.window.restart(answer.frames[0][0])
        self.backlog = deque(answer.frames)
        self.epoch, self.loaded = answer.epoch, answer.ord
        self.feed.reset(answer.epoch, answer.ord)

    async def _load(self) -> None:
        """Fetch what follows: from the feed, or from the log where the feed has a gap."""
        after, head, epoch = self.loaded, self.feed.head, self.feed.epoch
        lines: list[str] | None = self.feed.take(after)
        if not lines:
            lines = await in_database(log.read_after, self.session_id, epoch, after)
        if self.asked is not None:
            return
        if lines is None:
            self.asked = FIRST_VISIT  # it can't be continued: what comes next was pruned, or is another history
        elif lines:
            self.backlog.extend(enumerate(lines, after + 1))
            self.loaded = after + len(lines)
        elif self.feed.head == head:
            self.feed.head = after  # the log does not reach as far as was said

    async def _send_line(self, ord: int, line: str) -> None:
        self.window.sent(ord, len(line))
        await self.send(line)


def _session_id(text: str) -> UUID:
    """What is no id is the id of no session: its socket is closed like that of any unknown one."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


class UserConsumer(Listener):
    """A user's own socket: what happens to their list of sessions. Nothing is kept; who reconnects reloads the list."""

    def begin(self, user_id: int) -> None:
        self.user_id = user_id
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        hub.listen(user_id, self._hear)
        self.do(self._pump)

    def leave(self) -> None:
        if hasattr(self, "user_id"):
            hub.unlisten(self.user_id, self._hear)

    def beat(self, heartbeat: log.Heartbeat | None) -> None:
        self._hear(wire.Alive().encode())

    def _hear(self, line: str) -> None:
        self.lines.put_nowait(line)

    async def _pump(self) -> None:
        while True:
            await self.send(await self.lines.get())
