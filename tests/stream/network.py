"""The way between the real consumer and the browser's real client, in the hands of the test: frames are lost, doubled,
swapped, held back and cut off, and the clock goes as the test says."""

import asyncio
import json
import subprocess
from collections import Counter, deque
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from chats.stream import log
from chats.web.consumers import TOO_SLOW, SessionConsumer
from chats.web.socket_watch import GOING_DOWN

REMOTE_CLIENT = Path(__file__).parent.parent / "js/remote_client.js"
Answer = dict[str, Any]


class RemoteClient:
    """The client in a Node process, one session after the other."""

    def __init__(self) -> None:
        command = ["node", str(REMOTE_CLIENT)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()

    def do(self, what: str, **arguments: Any) -> Answer:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        answer: Answer = json.loads(self.process.stdout.readline())
        return answer


class Wire:
    """One socket: the consumer's end runs here, `frames` are on their way to the client."""

    def __init__(self, number: int, scope: dict[str, Any]) -> None:
        self.number = number
        self.frames: deque[str] = deque()
        self.accepted = self.opened = self.asked = False
        self.code: int | None = None
        self.ord = 0
        self.fault = ""
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.consumer = SessionConsumer()
        self.task = asyncio.create_task(self.consumer(scope, self.inbox.get, self._sent))
        self.inbox.put_nowait({"type": "websocket.connect"})

    async def _sent(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "websocket.accept":
                self.accepted = True
            case "websocket.send":
                self.frames.append(message["text"])
                self._check(json.loads(message["text"]))
            case "websocket.close":
                self.code = message["code"]

    def _check(self, frame: dict[str, Any]) -> None:
        """Whatever doorbells do, a socket shows no gap, no duplicate and no wrong order."""
        if frame["type"] == "resumed":
            self.ord = frame["ord"] - frame["replayed"] if frame["recovered"] else frame["ord"]
        elif "seq" in frame:
            if frame["ord"] != self.ord + 1:
                self.fault = f"{frame['ord']} was sent, {self.ord + 1} was due"
            self.ord = frame["ord"]

    def hear(self, text: str) -> None:
        self.inbox.put_nowait({"type": "websocket.receive", "text": text})

    async def leave(self) -> None:
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})
        await self.task

    @property
    def is_quiet(self) -> bool:
        """Whether the consumer has nothing to do but to wait."""
        consumer = self.consumer
        if self.code is not None:
            return True
        if not self.accepted or not self.inbox.empty() or not consumer.tasks:
            return False
        if not consumer.window.is_open:
            return not consumer.wake.is_set()
        if consumer.wake.is_set() or consumer.asked:
            return False
        if consumer.epoch is None:
            return True
        is_behind = consumer.epoch != consumer.subscription.epoch or consumer.loaded < consumer.subscription.head
        return not (is_behind or consumer.backlog or consumer.heartbeat)


class Network:
    """All sockets of one client, old ones too."""

    def __init__(self, client: RemoteClient, session_id: UUID, token: str, seed: int, seen: Counter[str]) -> None:
        self.client = client
        self.seen = seen
        self.session_id = session_id
        self.scope = {
            "type": "websocket",
            "headers": [(b"authorization", f"Bearer {token}".encode())],
            "cookies": {},
            "url_route": {"kwargs": {"session_id": str(session_id)}},
        }
        self.wires: dict[int, Wire] = {}
        self.leftovers: list[Wire] = []
        self.leaving: list[asyncio.Task[None]] = []
        self.answer = client.do("begin", session_id=str(session_id), seed=seed)
        self._follow()

    def do(self, what: str, **arguments: Any) -> None:
        self.answer = self.client.do(what, **arguments)
        self._follow()

    def _follow(self) -> None:
        assert self.answer["problems"] == []
        for event in self.answer["events"]:
            number = event["socket"]
            if event["did"] == "open":
                self.wires[number] = Wire(number, self.scope)
            elif event["did"] == "say":
                if number in self.wires:
                    self.wires[number].hear(event["text"])
                    self.seen["asked again"] += '"reconnect"' in event["text"] and self.wires[number].asked
                    self.wires[number].asked = True
            elif number in self.wires:
                self._part(self.wires.pop(number))

    def _part(self, wire: Wire) -> None:
        self.leftovers.append(wire)
        self.leaving.append(asyncio.create_task(wire.leave()))

    def deliver(self, most: int = 1_000_000) -> None:
        """Bring the client up to `most` frames of each open socket."""
        for wire in list(self.wires.values()):
            if wire.accepted and not wire.opened:
                wire.opened = True
                self.do("accept", socket=wire.number)
            texts = [wire.frames.popleft() for _ in range(min(most, len(wire.frames)))] if wire.opened else []
            if texts:
                self._note(wire, texts)
                self.do("deliver", socket=wire.number, texts=texts)
            if wire.code is not None and not wire.frames and wire.number in self.wires:
                self.cut(wire.code)

    def _note(self, wire: Wire, texts: list[str]) -> None:
        for frame in map(json.loads, texts):
            if frame["type"] == "resumed" and frame["replayed"]:
                self.seen["replayed"] += 1
            elif frame["type"] == "snapshot":
                self.seen["snapshot"] += 1
                self.seen["another epoch"] += self.answer["epoch"] not in (None, frame["epoch"])
        self.seen["window shut"] += not wire.consumer.window.is_open

    def late(self, number: int) -> None:
        """Some of what an old socket still had on its way comes through."""
        for wire in self.leftovers:
            texts = [wire.frames.popleft() for _ in range(min(number % 9, len(wire.frames)))]
            if texts and wire.opened:
                self.do("deliver", socket=wire.number, texts=texts)

    def cut(self, code: int) -> None:
        """With a code that no server sends it is the network that failed."""
        code = code if code in (GOING_DOWN, TOO_SLOW) else 1006
        self.seen["too slow" if code == TOO_SLOW else "cut"] += len(self.wires)
        for number in list(self.wires):
            self._part(self.wires.pop(number))
            self.do("end", socket=number, code=code)

    def lose(self, _number: int) -> None:
        for wire in self.wires.values():
            if wire.frames:
                wire.frames.popleft()

    def double(self, _number: int) -> None:
        for wire in self.wires.values():
            if wire.frames:
                wire.frames.appendleft(wire.frames[0])

    def swap(self, number: int) -> None:
        for wire in self.wires.values():
            wire.frames.rotate(1 + number % 3)

    def wait(self, number: int) -> None:
        """Some of the client's time goes by."""
        self.do("pass", ms=number % 9_000)

    def wake(self, _number: int) -> None:
        self.do("wake")

    def beat(self, heartbeat: log.LogPosition) -> None:
        for wire in self.wires.values():
            if wire.accepted and wire.consumer.tasks:
                wire.consumer.send_heartbeat(heartbeat)

    async def close_slow(self) -> None:
        """As if each socket that waits for an ack had waited for 20 s."""
        await self.quiet()
        for wire in self.wires.values():
            if wire.opened and (code := wire.consumer.slow_close_code(float("inf"))):
                await wire.consumer.end(code)

    async def quiet(self) -> bool:
        """Wait until no consumer has anything to do; whether there is something to deliver then."""
        async with asyncio.timeout(10):
            while not all(wire.is_quiet for wire in self.wires.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        return any(wire.frames or wire.code or wire.accepted > wire.opened for wire in self.wires.values())

    async def end(self) -> None:
        for wire in list(self.wires.values()):
            self._part(wire)
        self.wires.clear()
        await asyncio.gather(*self.leaving)
        assert [wire.fault for wire in self.leftovers if wire.fault] == []
