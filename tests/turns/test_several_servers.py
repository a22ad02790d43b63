"""Two servers on one database: what one is told, the other does; and who lost a turn stops what it started for it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.server import Server
from tests.turns.conftest import Talk

pytestmark = pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="on SQLite there is one server")


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve(BOOCODE_LEASE_S="4")


@pytest.fixture
def peer(server: Server) -> Iterator[Server]:
    other = server.peer()
    yield other.start()
    other.stop()


@pytest.fixture
def mark() -> str:
    """A number of seconds that no other process sleeps for."""
    return f"8{time.time_ns() % 10**9:09}"


def sleeps(mark: str) -> bool:
    return subprocess.run(["pgrep", "-f", f"sleep {mark}"], stdout=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize("what", ["sessions", "projects"])
def test_it_stops_what_runs_in_something_deleted_elsewhere(
    server: Server, peer: Server, talk: Callable[..., Talk], mark: str, what: str
) -> None:
    chat = talk([{"tool": "run_command", "args": {"command": ["sleep", mark]}}], server=server)
    chat.say("go")
    chat.wait_until(lambda: sleeps(mark))
    peer.api("DELETE", f"/api/{what}/{chat.session_id if what == 'sessions' else chat.project['id']}")
    chat.wait_until(lambda: not sleeps(mark), timeout_s=10)


def test_it_leaves_no_command_to_a_server_that_is_frozen(
    server: Server, peer: Server, talk: Callable[..., Talk], mark: str
) -> None:
    chat = talk([{"tool": "run_command", "args": {"command": ["sleep", mark]}}, {"text": "I see."}], server=server)
    chat.say("go")
    chat.wait_until(lambda: sleeps(mark))
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    chat.server = peer
    try:
        chat.wait_until(lambda: chat.traces()[0]["status"] == "interrupted", timeout_s=30)
        assert not sleeps(mark), "the command went on beside the turn that the other server had taken over"
        assert chat.wait()[-1]["content"] == "I see."
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert [trace["status"] for trace in chat.traces()] == ["interrupted"]
