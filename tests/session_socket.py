"""The session socket as a client sees it, for tests."""

import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from websockets.sync.client import ClientConnection, connect

Frame = dict[str, Any]


class SessionSocket:
    """Keeps every frame in `frames`, in order of arrival. `connection` is the plain socket for what tests do to it."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self.frames: list[Frame] = []
        self.connection: ClientConnection

    def __enter__(self) -> "SessionSocket":
        headers = {"Authorization": f"Bearer {self.token}"}
        self.connection = connect(self.url, additional_headers=headers, proxy=None, max_size=None, legacy=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def reconnect(self, positions: dict[str, int] | None = None, epoch: str | None = None) -> Frame:
        """Send `reconnect` and return the `resumed` that answers it. Without positions it is a first visit."""
        message: Frame = {"type": "reconnect", "lastSeqPerChannel": positions or {}}
        self.send(message if epoch is None else message | {"epoch": epoch})
        return self.until("resumed")

    def send(self, message: Frame) -> None:
        self.connection.send(json.dumps(message))

    def receive(self, timeout_s: float = 10) -> Frame:
        """The next frame. Raises TimeoutError, or websockets' ConnectionClosed."""
        frame: Frame = json.loads(self.connection.recv(timeout_s))
        self.frames.append(frame)
        return frame

    def until(self, wanted: str | Callable[[Frame], bool], timeout_s: float = 20) -> Frame:
        """Receive up to the first frame of the type `wanted`, or for which `wanted` holds, and return it."""
        matches = wanted if callable(wanted) else lambda frame: frame["type"] == wanted
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                frame = self.receive(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                seen = [frame["type"] for frame in self.frames]
                raise TimeoutError(f"no {wanted} within {timeout_s} s among {seen}") from None
            if matches(frame):
                return frame
