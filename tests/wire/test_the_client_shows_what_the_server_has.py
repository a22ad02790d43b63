"""The browser's own reducer, run in Node on the frames that a real socket sent, ends where the server's snapshot is."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.server import Server

REPLAY = Path(__file__).parent.parent / "js/replay.js"
SCRIPT = [
    {"reasoning": "Two files, Grüße."},
    {"text": "I write them 🙂 and read one back.", "chunk": 3},
    {"tool": "write_file", "args": {"path": "one.txt", "content": "1\n"}},
    {"tool": "write_file", "args": {"path": "../out.txt", "content": "2\n"}},
    {"text": "One was refused."},
    {"tool": "run_command", "args": {"command": ["sh", "-c", "echo a; echo b >&2; exit 3"]}},
    {"text": "Done.", "chunk": 1},
]


def shown_by_client(session_id: str, frames: list[dict[str, Any]]) -> dict[str, Any]:
    line = json.dumps({"session_id": session_id, "frames": frames})
    done = subprocess.run(["node", REPLAY], input=line, capture_output=True, text=True, timeout=30, check=True)
    state: dict[str, Any] = json.loads(done.stdout)
    return state


def is_idle(frame: dict[str, Any]) -> bool:
    return frame["type"] == "agent_status_updated" and frame["status"] != "running"


def fresh_snapshot(server: Server, session_id: str) -> dict[str, Any]:
    with server.socket(session_id) as socket:
        socket.reconnect()
        return socket.until("snapshot")


def assert_equal(shown: dict[str, Any], had: dict[str, Any]) -> None:
    assert shown["problems"] == []
    for name in ("epoch", "ord", "heads", "messages", "chats"):
        assert shown[name] == had[name], name
    bodies = {"input", "output"}  # a snapshot leaves them out, they come with the live frames
    traces = [{key: value for key, value in trace.items() if key not in bodies} for trace in shown["traces"]]
    assert traces == had["traces"]


def test_it_agrees_after_a_turn_that_was_watched(
    shared_server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    session_id, chat_id = shared_server.open_session(tmp_path, write_script("watched", SCRIPT))
    with shared_server.socket(session_id) as socket:
        socket.reconnect()
        shared_server.send(chat_id, "Write two files")
        socket.until(is_idle)
    assert_equal(shown_by_client(session_id, socket.frames), fresh_snapshot(shared_server, session_id))


def test_it_agrees_when_it_is_cut_and_joins_again_in_the_middle(
    shared_server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    session_id, chat_id = shared_server.open_session(tmp_path, write_script("cut", SCRIPT))
    with shared_server.socket(session_id) as first:
        first.reconnect()
        shared_server.send(chat_id, "Write two files")
        first.until(lambda frame: frame.get("channel") == "text" and frame["seq"] >= 2)
    seen = shown_by_client(session_id, first.frames)
    with shared_server.socket(session_id) as second:
        second.reconnect(seen["heads"], seen["epoch"])
        if seen["ord"] < fresh_snapshot(shared_server, session_id)["ord"]:
            second.until(is_idle)
    frames = first.frames + second.frames
    assert_equal(shown_by_client(session_id, frames), fresh_snapshot(shared_server, session_id))
