"""A session's socket inside the test: the real consumer, with the test in the place of network and doorbells.

The hub is not started, so nothing that is committed is announced by itself: every doorbell is lost unless the test
rings it.
"""

import asyncio
import json
from typing import Any
from uuid import UUID

from channels.testing import WebsocketCommunicator

from chats.models import ApiToken, LogSlice, Session, SessionLog
from chats.stream.hub import hub
from chats.web.consumers import SessionConsumer

Frame = dict[str, Any]


class LocalSocket:
    """Use as `async with LocalSocket(session, token)`."""

    def __init__(self, session_id: UUID, token: str) -> None:
        self.session_id = session_id
        headers = [(b"authorization", f"Bearer {token}".encode())]
        self.socket = WebsocketCommunicator(SessionConsumer.as_asgi(), "/", headers=headers)
        self.socket.scope |= {"url_route": {"kwargs": {"session_id": str(session_id)}}, "cookies": {}}

    async def __aenter__(self) -> "LocalSocket":
        accepted, _ = await self.socket.connect(timeout=10)
        assert accepted
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.disconnect(timeout=10)

    async def ask(self, positions: dict[str, int] | None = None, epoch: str | None = None) -> None:
        message = {"type": "reconnect", "lastSeqPerChannel": positions or {}}
        await self.send(message if epoch is None else message | {"epoch": epoch})

    async def send(self, message: Frame) -> None:
        await self.socket.send_to(text_data=json.dumps(message))

    async def receive(self, timeout_s: float = 10) -> Frame:
        frame: Frame = await self.socket.receive_json_from(timeout_s)
        return frame

    async def until(self, kind: str) -> Frame:
        while (frame := await self.receive())["type"] != kind:
            pass
        return frame

    async def entries(self, upto: int, acks: bool = True) -> list[Frame]:
        """Logged frames as they come, to the one at `upto`."""
        found: list[Frame] = []
        while not found or found[-1]["ord"] < upto:
            frame = await self.receive()
            if "seq" in frame:
                found.append(frame)
                if acks and len(found) % 64 == 0:
                    await self.send({"type": "ack", "ord": frame["ord"]})
        return found

    async def silence(self, for_s: float = 0.3) -> None:
        assert await self.socket.receive_nothing(for_s)


def token_of(session: Session) -> str:
    return ApiToken.issue(session.project.owner)


def slices(session_id: UUID) -> list[tuple[str, int, list[str]]]:
    """What a doorbell brings for each commit: epoch, first ord, lines."""
    epoch = str(SessionLog.objects.get(pk=session_id).epoch)
    rows = LogSlice.objects.filter(session_id=session_id).order_by("first_ord")
    return [(epoch, row.first_ord, row.frames.split("\n")) for row in rows]


def ring(session_id: UUID, doorbell: tuple[str, int, list[str]]) -> None:
    """Deliver entries to this process's sockets as the layer would."""
    epoch, first, lines = doorbell
    hub._receive(
        {"session": str(session_id), "epoch": epoch, "first": first, "last": first + len(lines) - 1, "lines": lines}
    )


async def poll(session_id: UUID, standing: tuple[str, int]) -> None:
    """What the hub does each second."""
    for subscription in hub._subscriptions.get(session_id, ()):
        subscription.announce_head(*standing)
    await asyncio.sleep(0)
