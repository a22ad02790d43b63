"""Redis or the database goes away in the middle of a turn: it goes on, its text has no hole, and nothing comes twice.
CASES 16, 17 and 27, with two server processes."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2
import pytest
import redis

from tests import scaled
from tests.processes import free_port, start, stop
from tests.server import Server
from tests.stream.client import Client
from tests.stream.conftest import Talk, scaled_only
from tests.stream.relay import Relay

pytestmark = scaled_only

SPEECH: dict[str, Any] = {"text": "word " * 600, "chunk": 5, "delay_ms": 20}


class Redis:
    """A Redis of the test's own that can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes]
        self.start()

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command = [str(scaled._redis_binary()), "--port", str(self.port), *options]
        self.process = start(command, log=self.home / "redis.log", directory=self.home)
        while True:
            try:
                with redis.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    own = Redis(tmp_path_factory.mktemp("redis"))
    yield own
    own.process.send_signal(signal.SIGCONT)
    stop(own.process)


class Follower(threading.Thread):
    """Follows a turn to its end and notes when each frame came."""

    def __init__(self, client: Client) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.times: list[float] = []
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            while ("agent_status_updated", "idle") not in self.client.story:
                self.client.receive(30)
                self.times.append(time.monotonic())
        except Exception as error:
            self.failure = error

    def finish(self) -> float:
        """The longest silence between two frames, in seconds."""
        self.join(60)
        assert not self.is_alive()
        if self.failure is not None:
            raise self.failure
        return max(after - before for before, after in zip(self.times, self.times[1:], strict=False))


def follow(client: Client) -> Follower:
    client.open()
    client.until("snapshot")
    follower = Follower(client)
    follower.start()
    return follower


@pytest.fixture
def pair(serve: Callable[..., Server], own_redis: Redis) -> Iterator[tuple[Server, Server]]:
    """Two processes on one database and the test's own Redis. The turn runs in the first."""
    first = serve(REDIS_URL=own_redis.url)
    second = first.peer()
    yield first, second.start()
    second.stop()


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_it_goes_on_while_redis_is_away(
    pair: tuple[Server, Server], own_redis: Redis, talk: Callable[..., Talk], how: str
) -> None:
    first, second = pair
    told = talk([SPEECH, {"step": True}, SPEECH], server=first)
    here, there = follow(told.client()), follow(told.client(second))
    idle = told.client(second)
    idle.open()
    told.say()
    time.sleep(1)
    if how == "killed":
        own_redis.kill()
    else:
        own_redis.process.send_signal(signal.SIGSTOP)
    time.sleep(5)
    late = follow(told.client(second))  # a socket can be opened meanwhile
    time.sleep(5)
    if how == "killed":
        own_redis.start()
    else:
        own_redis.process.send_signal(signal.SIGCONT)
    silences = [follower.finish() for follower in (here, there, late)]
    assert silences[0] < 1, "the process that works needs no Redis"
    assert max(silences) < 3, silences
    assert here.client.texts == there.client.texts == late.client.texts == told.texts()
    idle.until_idle()
    # And then it is fast again.
    again = follow(told.client(second))
    told.say()
    again.finish()
    assert len(again.times) > 200, "by doorbells, not by a poll each second"
    for client in (here.client, there.client, late.client, idle, again.client):
        client.drop()
    for server in pair:
        lines = [line for line in server.output.splitlines() if "edis" in line]
        assert "Traceback" not in server.output, server.output
        # The second sends nothing, and may not have noticed.
        assert len(lines) in ((2,) if server is first else (0, 2)), server.output


def test_it_keeps_a_socket_that_is_idle_for_a_minute(pair: tuple[Server, Server], talk: Callable[..., Talk]) -> None:
    first, second = pair
    told = talk([{"text": "Here."}], server=first)
    with told.client() as here, told.client(second) as there:
        time.sleep(62)
        told.say()
        here.until_idle()
        there.until_idle()
    assert here.texts == there.texts == told.texts()
    assert sum(frame["type"] == "heartbeat" for frame in there.frames) >= 4


@pytest.fixture
def relay(server_factory: Any) -> Iterator[Relay]:
    url = urlsplit(server_factory.database_url)
    with Relay(url.hostname or "", url.port or 5432) as between:
        yield between


@pytest.fixture
def relayed(server: Server, relay: Relay) -> Iterator[Server]:
    """A server whose way to the database is the relay; `server` itself has stopped."""
    server.stop()
    url = urlsplit(server.environment["DATABASE_URL"])
    user = f"{url.username}@" if url.username else ""
    through = urlunsplit(url._replace(netloc=f"{user}127.0.0.1:{relay.port}"))
    other = server.peer(DATABASE_URL=through)
    yield other.start()
    relay.on_upstream = lambda _data: True
    other.stop()


def test_it_waits_for_the_database_for_5_s(relayed: Server, relay: Relay, talk: Callable[..., Talk]) -> None:
    told = talk([{"text": "word " * 400, "chunk": 5, "delay_ms": 20}], server=relayed)
    follower = follow(told.client())
    told.say()
    time.sleep(1)
    relay.cut()
    time.sleep(5)
    relay.restore()
    follower.finish()
    follower.client.drop()
    assert follower.client.texts == told.texts()
    assert "word " * 400 in follower.client.texts.values()


def test_requests_are_told_soon_that_the_database_is_away(relayed: Server, relay: Relay) -> None:
    relay.cut()
    began = time.monotonic()
    answer = httpx2.get(f"{relayed.url}/readyz", timeout=20)
    assert (answer.status_code, answer.json()["faults"]) == (503, ["The database does not answer."])
    assert "does not answer" in relayed.api("GET", "/api/projects", expect=503)["detail"]
    assert time.monotonic() - began < 15
    assert httpx2.get(f"{relayed.url}/healthz").status_code == 200
    relay.restore()
    deadline = time.monotonic() + 20
    while httpx2.get(f"{relayed.url}/readyz", timeout=20).status_code != 200:
        assert time.monotonic() < deadline, "it does not find the database again"
    assert relayed.api("GET", "/api/projects") == []


def test_it_says_nothing_twice_when_the_answer_to_a_commit_is_lost(
    relayed: Server, relay: Relay, talk: Callable[..., Talk]
) -> None:
    told = talk([{"text": "".join(f"{number} " for number in range(400)), "chunk": 5, "delay_ms": 10}], server=relayed)
    follower = follow(told.client())
    lost: list[float] = []

    def lose(data: bytes) -> bool:
        """Lets a COMMIT through and its answer be lost, five times, some time apart."""
        if b"COMMIT" in data and len(lost) < 5 and (not lost or time.monotonic() - lost[-1] > 0.5):
            lost.append(time.monotonic())
            return False
        return True

    told.say()
    time.sleep(0.5)
    relay.on_upstream = lose
    follower.finish()
    follower.client.drop()
    assert len(lost) >= 3
    assert follower.client.texts == told.texts()
    assert "".join(f"{number} " for number in range(400)) in follower.client.texts.values()
