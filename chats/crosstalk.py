"""Talk between the server's processes, over the channel layer. What is said here may be lost, repeated, reordered or
late: the log is the truth, and this only makes it known sooner."""

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

PATIENCE_S = 5.0
"""A layer that does not answer for so long is as good as gone. redis-py itself would wait for ever."""
REJOIN_S = 30.0
PAUSE_S = 1.0
MAX_WAITING = 1000


class Crosstalk:
    """One process's mouth and ear. `hear` gets what others said on the topics that were joined."""

    def __init__(self, hear: Callable[[Message], None]) -> None:
        self._hear = hear
        self._name = uuid4().hex
        self._topics: set[str] = set()
        self._joined: set[str] = set()
        self._ear: str | None = None
        self._waiting: deque[tuple[str, Message]] = deque(maxlen=MAX_WAITING)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def layer(self) -> Any:
        """The layer to other processes, or None where there are none."""
        layer = get_channel_layer()
        return None if layer is None or isinstance(layer, InMemoryChannelLayer) else layer

    async def start(self) -> None:
        self._to_say, self._to_join = asyncio.Event(), asyncio.Event()
        if self.layer is not None:
            self._tasks = [asyncio.create_task(task()) for task in (self._listen, self._speak, self._keep_joined)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def join(self, topic: str) -> None:
        self._topics.add(topic)
        self._changed()

    def leave(self, topic: str) -> None:
        self._topics.discard(topic)
        self._changed()

    def _changed(self) -> None:
        if self._tasks:
            self._to_join.set()

    def say(self, topic: str, message: Message) -> None:
        """Tell the other processes. Never waits: a layer that is slow or gone holds up nobody."""
        if self._tasks:
            self._waiting.append((topic, message))
            self._to_say.set()

    def say_from_thread(self, topic: str, message: Message) -> None:
        """The same for a process that has no event loop, a management command say."""
        if (layer := self.layer) is not None:
            async_to_sync(self._send)(layer, topic, message)

    async def _speak(self) -> None:
        while True:
            await self._to_say.wait()
            self._to_say.clear()
            while self._waiting:
                if not await self._send(self.layer, *self._waiting.popleft()):
                    self._waiting.clear()  # stale by the time the layer is back; sockets have asked the log by then

    async def _send(self, layer: Any, topic: str, message: Message) -> bool:
        body = {"type": "entries", "from": self._name, "message": message}
        try:
            async with asyncio.timeout(PATIENCE_S):
                await layer.group_send(topic, body)
        except Exception as error:
            logger.warning("The channel layer took no news of %s: %r", topic, error)
            return False
        return True

    async def _listen(self) -> None:
        """After a failure listen under a new name, for the old one may have been forgotten."""
        while True:
            layer = self.layer
            try:
                self._ear = await layer.new_channel()
                self._joined = set()
                self._to_join.set()
                while True:
                    body = await layer.receive(self._ear)
                    if body["from"] != self._name:
                        self._hear(body["message"])
            except Exception as error:
                logger.warning("The channel layer fell silent, listening again in %s s: %r", PAUSE_S, error)
                await asyncio.sleep(PAUSE_S)

    async def _keep_joined(self) -> None:
        """Be in the groups of the topics, again and again: a layer may forget a member or expire it."""
        while True:
            try:
                async with asyncio.timeout(REJOIN_S):
                    await self._to_join.wait()
            except TimeoutError:
                self._joined = set()
            self._to_join.clear()
            if self._ear is not None and not await self._reconcile(self._ear):
                await asyncio.sleep(PAUSE_S)
                self._to_join.set()

    async def _reconcile(self, ear: str) -> bool:
        try:
            for topic in self._topics - self._joined:
                async with asyncio.timeout(PATIENCE_S):
                    await self.layer.group_add(topic, ear)
                self._joined.add(topic)
            for topic in self._joined - self._topics:
                async with asyncio.timeout(PATIENCE_S):
                    await self.layer.group_discard(topic, ear)
                self._joined.discard(topic)
        except Exception as error:
            logger.warning("The channel layer let nobody in: %r", error)
            return False
        return True
