"""A turn is stopped, in whatever it is at: it ends in one state, and leaves no process and a checkpoint."""

import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.snapshots.conftest import write
from tests.turns.conftest import Talk

MARK = f"7{time.time_ns() % 10**8}"
PHASES: dict[str, list[Any]] = {
    "streaming": [{"text": "word " * 500, "chunk": 5, "delay_ms": 20}],
    "in a tool": [{"tool": "run_command", "args": {"command": ["sleep", MARK]}}],
    "waiting for a person": [{"tool": "run_command", "args": {"command": ["touch", "asked"]}}],
    "writing": [write(f"{number}.txt", "x" * 100_000) for number in range(40)],
    "finishing": [{"text": "done"}],
}


@pytest.mark.parametrize("phase", PHASES)
def test_it_ends_in_one_state(talk: Callable[..., Talk], phase: str) -> None:
    waits = phase == "waiting for a person"
    chat = talk(PHASES[phase], approval="ask" if waits else "auto")
    (chat.root / "before.txt").write_text("1")
    chat.say("Go")
    if waits:
        chat.wait_until(lambda: chat.status() == "waiting")
    elif phase == "in a tool":
        chat.wait_until(chat.traces)
    elif phase == "finishing":
        # Stopped while it is queued, it never begins and leaves no checkpoint.
        chat.wait_until(lambda: chat.status() != "idle" or len(chat.messages()) > 1)
    else:
        chat.wait_until(lambda: len(chat.messages()) > 1)
    chat.cancel()
    chat.wait()
    statuses = [message["status"] for message in chat.messages()]
    assert "streaming" not in statuses
    assert all(trace["status"] != "running" for trace in chat.traces())
    assert subprocess.run(["pgrep", "-f", f"sleep {MARK}"], capture_output=True).returncode != 0
    assert not (chat.root / "asked").exists()

    def place() -> Any:
        found = chat.server.api("GET", f"/api/chats/{chat.chat_id}/timeline")
        return found if found and found[-1]["files"]["state"] == "kept" and not found[-1]["running"] else None

    assert chat.wait_until(place)[-1]["status"] in ("cancelled", "complete")
    time.sleep(0.2)
    assert [message["status"] for message in chat.messages()] == statuses
