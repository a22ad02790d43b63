"""The server dies while a call runs: what becomes of it depends on what it does."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server
from tests.snapshots.conftest import write
from tests.turns.conftest import Talk
from tests.turns.test_restart import crash

BIG = "x" * 3_000_000
MARK = f"6{time.time_ns() % 10**8}"


def kill_when(happened: Callable[[], bool], server: Server) -> None:
    """SIGKILL within microseconds of it: before the server has told its database."""
    assert server.process is not None
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
    os.kill(server.process.pid, signal.SIGKILL)
    crash(server)


def cut_after_the_write(talk: Callable[..., Talk], server: Server, root: Path, script: list[Any]) -> Talk:
    """A chat whose server died between the write and its record. It may take a few chats to hit that moment."""
    for _ in range(5):
        chat = talk(script, server=server)
        chat.say("Write")
        kill_when(lambda: (root / "made.txt").exists(), server)
        with_row = server.manage(
            "shell",
            "-c",
            f"from traces.models import ToolTrace; print(ToolTrace.objects.get(chat='{chat.chat_id}').status)",
        )
        if "running" in with_row:
            return chat
        server.start()
        chat.wait(timeout_s=60)
        (root / "made.txt").unlink()
    pytest.skip("the moment was not hit")


def test_a_write_that_was_done_is_recorded_once(server: Server, talk: Callable[..., Talk], tmp_path: Path) -> None:
    script = [write("made.txt", BIG), {"expect": "Done: made.txt"}, {"text": "Good."}]
    chat = cut_after_the_write(talk, server, tmp_path, script)
    at = (tmp_path / "made.txt").stat().st_mtime_ns
    server.start()
    assert chat.wait(timeout_s=60)[-1]["content"] == "Good."
    assert (tmp_path / "made.txt").stat().st_mtime_ns == at
    assert [trace["status"] for trace in chat.traces()] == ["ok"]


def test_a_file_that_changed_meanwhile_is_not_overwritten(
    server: Server, talk: Callable[..., Talk], tmp_path: Path
) -> None:
    script = [write("made.txt", BIG), {"expect": "is not as it was before"}, {"text": "I looked."}]
    chat = cut_after_the_write(talk, server, tmp_path, script)
    (tmp_path / "made.txt").write_text("the person's own")
    server.start()
    assert chat.wait(timeout_s=60)[-1]["content"] == "I looked."
    assert (tmp_path / "made.txt").read_text() == "the person's own"
    assert [trace["status"] for trace in chat.traces()] == ["interrupted"]


def test_a_write_that_was_not_done_is_done(server: Server, talk: Callable[..., Talk], tmp_path: Path) -> None:
    script = [write("made.txt", BIG), {"text": "Good."}]
    chat = cut_after_the_write(talk, server, tmp_path, script)
    (tmp_path / "made.txt").unlink()  # as if it had been killed a moment earlier
    server.start()
    assert chat.wait(timeout_s=60)[-1]["content"] == "Good."
    assert (tmp_path / "made.txt").stat().st_size == len(BIG)
    assert [trace["status"] for trace in chat.traces()] == ["interrupted", "ok"]


def test_a_read_is_run_again(server: Server, talk: Callable[..., Talk], tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"{number}.txt").write_text("a needle\n" * 20)
    script = [{"tool": "search_files", "args": {"pattern": "(n|m)ee?dle+$"}}, {"expect": "needle"}, {"text": "Found."}]
    chat = talk(script, server=server)
    chat.say("Search")
    chat.wait_until(chat.traces)
    crash(server)
    server.start()
    assert chat.wait(timeout_s=60)[-1]["content"] == "Found."
    assert chat.traces()[-1]["status"] == "ok"
    # Nothing is left to decide about a call that simply ran again, nor about one that was never cut off.
    for trace in (chat.traces()[0], chat.traces()[-1]):
        assert server.api("GET", f"/api/traces/{trace['id']}/aftermath")["may_have_run"] is False
        server.api("POST", f"/api/traces/{trace['id']}/aftermath", {"decision": "skip"}, expect=409)


def test_the_model_hears_what_a_command_had_said(server: Server, talk: Callable[..., Talk]) -> None:
    script = [
        {"tool": "run_command", "args": {"command": ["sh", "-c", f"echo half of it; touch begun; sleep {MARK}"]}},
        {"expect": "Its output until then:\nhalf of it"},
        {"text": "I see."},
    ]
    chat = talk(script, server=server)
    with server.socket(chat.session_id) as socket:
        socket.reconnect()
        chat.say("Run")
        socket.until(lambda frame: frame["type"] == "tool_output" and "half of it" in frame["chunk"])
    chat.wait_until(lambda: (chat.root / "begun").exists())
    crash(server)
    # Its supervisor sees the server's end of the socket go, and kills what it started.
    deadline = time.monotonic() + 10
    while subprocess.run(["pgrep", "-f", f"sleep {MARK}"], capture_output=True).returncode == 0:
        assert time.monotonic() < deadline, "the command outlived the server"
        time.sleep(0.05)
    server.start()
    assert chat.wait(timeout_s=60)[-1]["content"] == "I see."
    url = f"/api/traces/{chat.traces()[0]['id']}/aftermath"
    told = server.api("GET", url)
    assert (told["may_have_run"], told["decision"]) == (True, "")
    assert [file["path"] for file in told["files"]] == ["begun"]
    turn = server.api("POST", url, {"decision": "again"})
    assert turn["chat_id"] == chat.chat_id
    chat.wait()
    assert any("run it again" in text and "echo half of it" in text for text in chat.texts("user"))
    assert "decided already" in server.api("POST", url, {"decision": "skip"}, expect=409)["detail"]
    assert server.api("GET", url)["decision"] == "again"
