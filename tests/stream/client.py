"""A client that keeps what it was sent as PROTOCOL.md tells it to, and minds every gap."""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.server import Server

Frame = dict[str, Any]
ACK_BYTES = 64 * 1024


def texts(messages: list[dict[str, Any]]) -> dict[str, str]:
    """By message; those without text are left out."""
    return {message["id"]: message["content"] for message in messages if message["content"]}


class Client:
    """Follows one session over any number of sockets. Each `open` goes on from what was applied.

    AssertionError where a socket shows a gap or a wrong order, or repeats what it told before.
    """

    def __init__(self, url: str, token: str, session_id: str, acks: bool = True) -> None:
        self.url = f"{url.replace('http', 'ws', 1)}/api/ws/sessions/{session_id}"
        self.headers = {"Authorization": f"Bearer {token}"}
        self.acks = acks
        self.epoch: str | None = None
        self.positions: dict[str, int] = {}
        self.ord: int | None = None
        self.texts: dict[str, str] = {}
        self.story: list[tuple[str, Any]] = []
        self.frames: list[Frame] = []
        self.resumptions: list[Frame] = []
        self.unacked = 0
        self.connection: ClientConnection | None = None

    @classmethod
    def of(cls, server: Server, session_id: str, **options: Any) -> "Client":
        return cls(server.url, server.token, session_id, **options)

    def __enter__(self) -> "Client":
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def open(self) -> None:
        self.connection = connect(
            self.url, additional_headers=self.headers, proxy=None, max_size=None, close_timeout=1, legacy=True
        )
        self.ask()

    def ask(self) -> None:
        message: Frame = {"type": "reconnect", "lastSeqPerChannel": self.positions}
        self.send(message if self.epoch is None else message | {"epoch": self.epoch})

    def send(self, message: Mapping[str, Any] | str) -> None:
        assert self.connection is not None
        self.connection.send(message if isinstance(message, str) else json.dumps(message))

    def drop(self) -> None:
        """The network goes: no farewell."""
        connection, self.connection = self.connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
            connection.close()

    def receive(self, timeout_s: float = 10) -> Frame:
        """The next frame, applied. Raises TimeoutError, or websockets' ConnectionClosed."""
        frame = self.receive_raw(timeout_s)
        self.frames.append(frame)
        self.apply(frame)
        if self.acks and self.ord is not None and (self.unacked > ACK_BYTES or len(self.frames) % 64 == 0):
            self.ack()
        return frame

    def receive_raw(self, timeout_s: float) -> Frame:
        """The next frame as it came, not applied."""
        assert self.connection is not None
        text = self.connection.recv(timeout_s)
        self.unacked += len(text)
        frame: Frame = json.loads(text)
        return frame

    def ack(self) -> None:
        self.unacked = 0
        self.send({"type": "ack", "ord": self.ord})

    def until(self, wanted: str | Callable[[Frame], bool], timeout_s: float = 20) -> Frame:
        matches = wanted if callable(wanted) else lambda frame: frame["type"] == wanted
        deadline = time.monotonic() + timeout_s
        while True:
            frame = self.receive(max(0.01, deadline - time.monotonic()))
            if matches(frame):
                return frame

    def until_idle(self, timeout_s: float = 30) -> None:
        """To the end of the turn that was asked for: after the snapshot, which may tell of its end and so hide it."""
        self.until(lambda frame: frame["type"] == "agent_status_updated" and frame["status"] == "idle", timeout_s)

    def apply(self, frame: Frame) -> None:
        match frame["type"]:
            case "resumed":
                self.resumptions.append(frame)
                if frame["recovered"]:
                    self.epoch = frame["epoch"]
            case "snapshot":
                self.epoch, self.ord, self.positions = frame["epoch"], frame["ord"], dict(frame["heads"])
                self.texts = texts(frame["messages"])
            case _ if "seq" in frame:
                self._apply_entry(frame)

    def _apply_entry(self, frame: Frame) -> None:
        expected = self.positions.get(frame["channel"], 0)
        assert frame["seq"] == expected, f"{frame['channel']} {frame['seq']} came, {expected} was due"
        assert self.ord is None or frame["ord"] == self.ord + 1
        self.positions[frame["channel"]] = expected + 1
        self.ord = frame["ord"]
        if frame["type"] == "delta":
            self.texts[frame["message_id"]] = frame["content"]
        elif frame["channel"] == "text":
            part = self.texts if frame["part"] == "text" else {}
            part[frame["message_id"]] = part.get(frame["message_id"], "") + frame["content"]
        self.story.append((frame["type"], frame.get("content") or frame.get("tool_call") or frame.get("status")))
