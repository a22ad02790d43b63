"""Passes messages between the server's processes through the channel layer.

A message may be lost, repeated, reordered or late: the log is the truth, and a message only makes it known sooner.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

Message = dict[str, Any]

LAYER_TIMEOUT_S = 5.0
"""How long the layer may take to answer. redis-py itself would wait for ever."""
REJOIN_S = 30.0
PAUSE_S = 1.0
MAX_OUTGOING = 1000


class Relay:
    """Sends to the other processes, and calls `on_message` with what they send to the groups that were joined."""

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        self._on_message = on_message
        self._name = uuid4().hex
        self._groups: set[str] = set()
        self._joined: set[str] = set()
        self._channel: str | None = None
        self._outgoing: deque[tuple[str, Message]] = deque(maxlen=MAX_OUTGOING)
        self._tasks: list[asyncio.Task[None]] = []
        self._answers = True

    @property
    def layer(self) -> Any:
        """Return the layer to other processes, or None where there are none."""
        layer = get_channel_layer()
        return None if layer is None or isinstance(layer, InMemoryChannelLayer) else layer

    async def start(self) -> None:
        """Start to send and receive."""
        self._has_outgoing, self._groups_changed = asyncio.Event(), asyncio.Event()
        if self.layer is not None:
            self._tasks = [
                asyncio.create_task(task())
                for task in (self._receive_messages, self._send_outgoing, self._rejoin_groups)
            ]

    async def stop(self) -> None:
        """Stop to send and receive."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def join(self, group: str) -> None:
        """Receive what is sent to the group from now on."""
        self._groups.add(group)
        self._wake_rejoin()

    def leave(self, group: str) -> None:
        """Receive nothing more of the group."""
        self._groups.discard(group)
        self._wake_rejoin()

    def _wake_rejoin(self) -> None:
        if self._tasks:
            self._groups_changed.set()

    def send(self, group: str, message: Message) -> None:
        """Send to the other processes. Never waits: a layer that is slow or gone delays nobody."""
        if self._tasks:
            self._outgoing.append((group, message))
            self._has_outgoing.set()

    def send_from_thread(self, group: str, message: Message) -> None:
        """Send to the other processes from one that has no event loop, such as a management command."""
        if (layer := self.layer) is not None:
            async_to_sync(self._send_to_layer)(layer, group, message)

    def _note(self, error: Exception | None = None) -> None:
        """Log once that the layer is gone, and once that it is back."""
        if error is not None and self._answers:
            logger.warning("Redis does not answer (%r); what other servers write is read a second later.", error)
        elif error is None and not self._answers:
            logger.warning("Redis answers again.")
        self._answers = error is None

    async def _send_outgoing(self) -> None:
        while True:
            await self._has_outgoing.wait()
            self._has_outgoing.clear()
            while self._outgoing:
                if not await self._send_to_layer(self.layer, *self._outgoing.popleft()):
                    self._outgoing.clear()  # stale by the time the layer is back; sockets have asked the log by then

    async def _send_to_layer(self, layer: Any, group: str, message: Message) -> bool:
        body = {"type": "entries", "from": self._name, "message": message}
        try:
            async with asyncio.timeout(LAYER_TIMEOUT_S):
                await layer.group_send(group, body)
        except Exception as error:
            self._note(error)
            return False
        self._note()
        return True

    async def _receive_messages(self) -> None:
        """Receive messages; after a failure under a new channel name, for the layer may have forgotten the old one."""
        while True:
            layer = self.layer
            try:
                self._channel = await layer.new_channel()
                self._joined = set()
                self._groups_changed.set()
                while True:
                    body = await layer.receive(self._channel)
                    if body["from"] != self._name:
                        self._on_message(body["message"])
            except Exception as error:
                self._note(error)
                await asyncio.sleep(PAUSE_S)

    async def _rejoin_groups(self) -> None:
        """Re-join the groups every 30 s and after each change, because a layer may drop a member."""
        while True:
            try:
                async with asyncio.timeout(REJOIN_S):
                    await self._groups_changed.wait()
            except TimeoutError:
                self._joined = set()
            self._groups_changed.clear()
            if self._channel is not None and not await self._update_groups(self._channel):
                await asyncio.sleep(PAUSE_S)
                self._groups_changed.set()

    async def _update_groups(self, channel: str) -> bool:
        try:
            for group in self._groups - self._joined:
                async with asyncio.timeout(LAYER_TIMEOUT_S):
                    await self.layer.group_add(group, channel)
                self._joined.add(group)
            for group in self._joined - self._groups:
                async with asyncio.timeout(LAYER_TIMEOUT_S):
                    await self.layer.group_discard(group, channel)
                self._joined.discard(group)
        except Exception as error:
            self._note(error)
            return False
        if self._joined:
            self._note()
        return True
