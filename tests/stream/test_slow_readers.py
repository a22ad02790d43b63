"""A client that stops reading stops its own stream: it costs no memory and slows nobody. CASES 13."""

import base64
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from websockets.exceptions import ConnectionClosed

from tests.server import Server
from tests.stream.client import Client, Frame
from tests.stream.conftest import Talk

MEGABYTE = 1024 * 1024
PRODUCED = 100 * MEGABYTE
FILL = """
from django.db import transaction
from uuid import UUID
from chats.stream import frames, writer
chat = UUID("%s")
for number in range(%d):
    ids = {"chat_id": chat, "message_id": UUID(int=number)}
    with transaction.atomic():
        deltas = [frames.TextFrame(**ids, content=f"{number} {count} ".ljust(3900)) for count in range(64)]
        writer.append(UUID("%s"), deltas)
"""


def memory(server: Server) -> int:
    """Resident bytes of the server's process."""
    assert server.process is not None
    with open(f"/proc/{server.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


@contextmanager
def watched(server: Server) -> Iterator[list[int]]:
    """Samples of the server's memory while the block runs."""
    samples, ended = [memory(server)], threading.Event()

    def sample() -> None:
        while not ended.wait(0.1):
            samples.append(memory(server))

    thread = threading.Thread(target=sample)
    thread.start()
    yield samples
    ended.set()
    thread.join()


class DeafSocket:
    """Shakes hands, asks, and never reads a byte."""

    def __init__(self, server: Server, session_id: str) -> None:
        self.connection = socket.socket()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.connection.connect(("127.0.0.1", server.port))
        key = base64.b64encode(b"0123456789abcdef").decode()
        self.connection.sendall(
            f"GET /api/ws/sessions/{session_id} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {server.token}\r\n\r\n".encode()
        )
        self.ask()

    def ask(self) -> None:
        self.send({"type": "reconnect", "lastSeqPerChannel": {}})

    def send(self, message: object) -> None:
        body = json.dumps(message).encode().ljust(126)
        self.connection.sendall(struct.pack("!BBH4x", 0x81, 0x80 | 126, len(body)) + body)

    def read_to_the_end(self) -> int:
        """Reads what is left until the server has closed. Returns the number of bytes."""
        self.connection.settimeout(30)
        size = 0
        try:
            while data := self.connection.recv(MEGABYTE):
                size += len(data)
        except ConnectionError:
            pass
        return size


def read_to_the_end(client: Client, codes: list[int]) -> None:
    """Reads and says nothing, until the server has enough of it."""
    try:
        while True:
            client.receive(60)
    except ConnectionClosed as closed:
        codes.append(closed.rcvd.code if closed.rcvd else 1006)


def test_it_costs_no_memory_and_slows_nobody(server: Server, talk: Callable[..., Talk]) -> None:
    told = talk([{"text": "A short answer."}], server=server)
    with told.client() as warm:
        warm.until("snapshot")
        told.say()
        warm.until_idle()
        before = warm.ord
    deaf = [DeafSocket(server, told.session_id) for _ in range(3)]
    mute = told.client(acks=False)
    mute.open()
    mute.until("snapshot")
    codes: list[int] = []
    reading = threading.Thread(target=read_to_the_end, args=(mute, codes))
    reading.start()
    pieces = PRODUCED // (64 * 4096)

    def is_last(frame: Frame) -> bool:
        return str(frame.get("content", "")).startswith(f"{pieces - 1} 63 ")

    with told.client() as reader, watched(server) as samples:
        reader.until("snapshot")
        fill = threading.Thread(
            target=server.manage, args=("shell", "-v", "0", "-c", FILL % (told.chat_id, pieces, told.session_id))
        )
        fill.start()
        # Asking again and again must not get it one more answer each time.
        for _ in range(20):
            for socket_ in deaf:
                socket_.ask()
        reader.until(lambda frame: frame.get("channel") == "text", timeout_s=60)
        began = time.monotonic()
        told.say()
        reader.until_idle(60)
        turn_s = time.monotonic() - began
        fill.join(120)
        if not any(map(is_last, reader.frames)):
            reader.until(is_last, timeout_s=90)
    assert before is not None
    assert reader.ord is not None
    assert reader.ord - before > pieces * 64
    assert turn_s < 15
    grown = max(samples) - samples[0]
    assert grown < 20 * MEGABYTE, f"{grown / MEGABYTE:.1f} MiB more"

    reading.join(60)
    assert codes == [4408]
    assert 200 * 1024 < sum(len(json.dumps(frame)) for frame in mute.frames) < 300 * 1024
    for socket_ in deaf:
        assert socket_.read_to_the_end() < MEGABYTE
    with mute:
        mute.until("snapshot")
        assert mute.ord == reader.ord


def test_it_delivers_a_snapshot_that_is_larger_than_the_window(server: Server, talk: Callable[..., Talk]) -> None:
    told = talk([{"repeat": 150, "of": [{"text": "word " * 1000}]}], server=server)
    with told.client() as client:
        client.until("snapshot")
        told.say()
        client.until_idle(60)
    with told.client() as late:
        snapshot = late.until("snapshot")
        assert len(json.dumps(snapshot)) > 700 * 1024
        late.ack()
        told.say("Again")
        late.until_idle(60)
    assert late.texts == told.texts()


def test_it_replays_more_than_the_window_to_who_acknowledges(server: Server, talk: Callable[..., Talk]) -> None:
    told = talk([{"repeat": 200, "of": [{"text": "word " * 800, "delay_ms": 2}]}], server=server)
    with told.client() as whole:
        whole.until("snapshot")
        told.say()
        whole.until_idle(60)
    again = told.client()
    again.epoch, again.ord = whole.epoch, 0
    with again:
        again.until(lambda frame: "seq" in frame and frame["ord"] == whole.ord)
    assert again.resumptions[0]["recovered"] is True
    assert sum(len(json.dumps(frame)) for frame in again.frames) > 500 * 1024
    assert again.texts == whole.texts == told.texts()
