"""The server is killed in mid-turn: nothing that was shown is lost, nothing is done twice, and it goes on."""

import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.server import Server
from tests.turns.conftest import Talk


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    """Soon taken for dead, also where several processes could share its database."""
    return serve(BOOCODE_LEASE_S="4")


def crash(server: Server) -> None:
    assert server.process is not None
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server.kill()


def test_it_goes_on_after_a_kill_while_the_model_speaks(server: Server, talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "word " * 300, "chunk": 5, "delay_ms": 10}], server=server)
    with server.socket(chat.session_id) as socket:
        socket.reconnect()
        chat.say("Speak")
        for _ in range(60):
            socket.receive()
        seen = "".join(frame["content"] for frame in socket.frames if frame.get("channel") == "text")
        positions: dict[str, int] = {}
        for frame in socket.frames:
            if "seq" in frame:
                positions[frame["channel"]] = frame["seq"] + 1
        epoch = next(frame["epoch"] for frame in socket.frames if frame["type"] == "resumed")
        crash(server)
    assert seen
    server.start()
    with server.socket(chat.session_id) as socket:
        assert socket.reconnect(positions, epoch)["recovered"] is True
        socket.until(lambda frame: frame.get("status") == "idle")
    user, cut, whole = chat.messages()
    assert cut["status"] == "interrupted"
    assert cut["content"].startswith(seen)
    assert (whole["status"], whole["content"]) == ("complete", "word " * 300)
    assert user["content"] == "Speak"


def test_it_never_runs_a_command_twice(server: Server, talk: Callable[..., Talk]) -> None:
    script: list[Any] = [
        {"tool": "run_command", "args": {"command": ["sh", "-c", "echo run >> runs.txt; sleep 5.4321"]}},
        {"expect": "unknown"},
        {"text": "I looked first."},
    ]
    chat = talk(script, server=server)
    chat.say("Run it")
    chat.wait_until(lambda: (chat.root / "runs.txt").exists())
    crash(server)
    server.start()
    messages = chat.wait()
    assert (chat.root / "runs.txt").read_text() == "run\n"
    assert chat.traces()[0]["status"] == "interrupted"
    assert messages[-1]["content"] == "I looked first."


def has_statuses(chat: Talk, expected: list[str]) -> bool:
    return [message["status"] for message in chat.messages()] == expected


def test_it_gives_up_after_three_takeovers(server: Server, talk: Callable[..., Talk]) -> None:
    chat = talk([{"wait_s": 60}, {"text": "never"}], server=server)
    chat.say("Hang")
    for crashes in range(4):
        chat.wait_until(partial(has_statuses, chat, ["complete", *["interrupted"] * crashes, "streaming"]))
        crash(server)
        server.start()
    messages = chat.wait()
    assert "given up" in messages[-1]["content"]
    assert chat.status() == "error"
    server.api("PATCH", f"/api/chats/{chat.chat_id}", {"model": "scripted:demo"})
    chat.say("Are you there?")
    assert chat.wait()[-1]["content"]


def test_a_stopped_server_leaves_no_child_and_goes_on_later(server: Server, talk: Callable[..., Talk]) -> None:
    mark = f"4{time.time_ns() % 10**8}"
    script = [{"tool": "run_command", "args": {"command": ["sleep", mark]}}, {"text": "Then I went on."}]
    chat = talk(script, server=server)
    chat.say("go")
    chat.wait_until(lambda: subprocess.run(["pgrep", "-f", f"sleep {mark}"], capture_output=True).returncode == 0)
    assert server.stop() == 0
    assert subprocess.run(["pgrep", "-f", f"sleep {mark}"], capture_output=True).returncode != 0
    server.start()
    assert chat.wait()[-1]["content"] == "Then I went on."
