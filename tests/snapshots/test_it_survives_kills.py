"""The server is killed at ten moments of one turn, and each time the session goes on as promised."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.server import Server
from tests.snapshots.conftest import write
from tests.turns.conftest import Talk
from tests.turns.test_restart import crash

WORDS = "word " * 60
SCRIPT: list[Any] = [
    *({"text": WORDS, "chunk": 5, "delay_ms": 5}, {"tool": "list_files"}),
    write("made.txt", "made\n"),
    {"tool": "edit_file", "args": {"path": "made.txt", "edits": [{"old": "made", "new": "edited"}]}},
    {"tool": "run_command", "args": {"command": ["sh", "-c", "echo ran >> runs.txt; sleep 0.3"]}},
    {"text": "The end. " * 40, "chunk": 9, "delay_ms": 5},
]


@pytest.mark.parametrize("moment_s", [0.0, 0.05, 0.2, 0.35, 0.42, 0.5, 0.6, 0.8, 1.0, 1.2])
def test_it_goes_on(server: Server, talk: Callable[..., Talk], moment_s: float) -> None:
    chat = talk(SCRIPT, server=server)
    chat.say("Work")
    time.sleep(moment_s)
    crash(server)
    server.start()
    messages = chat.wait(timeout_s=60)
    assert chat.status() == "idle"
    assert messages[-1]["content"] == "The end. " * 40
    assert (chat.root / "made.txt").read_text() == "edited\n"
    runs = (chat.root / "runs.txt").read_text() if (chat.root / "runs.txt").exists() else ""
    interrupted = [trace for trace in chat.traces() if trace["status"] == "interrupted"]
    assert runs == "ran\n" or (runs == "" and any(trace["tool"] == "run_command" for trace in interrupted))
    whole = [message["content"] for message in messages if message["status"] == "complete"]
    assert [text for text in whole if text.startswith("word")] == [WORDS]
    assert all(trace["status"] != "running" for trace in chat.traces())
    # Each call has one result, or the next request to a provider would be refused.
    calls = [call["id"] for message in messages for call in message["tool_calls"] or ()]
    results = [message["tool_results"]["tool_call_id"] for message in messages if message["role"] == "tool"]
    assert sorted(calls) == sorted(results)
    chat.wait_until(
        lambda: chat.server.api("GET", f"/api/chats/{chat.chat_id}/timeline")[-1]["files"]["state"] == "kept"
    )
