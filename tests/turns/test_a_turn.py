"""The whole path: a message, the model's text, a tool that changes a file, its trace, the answer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.turns.conftest import Talk

SCRIPT = [
    {"reasoning": "A greeting belongs in a file."},
    {"text": "I write it.", "chunk": 2},
    {"tool": "write_file", "args": {"path": "hello.txt", "content": "Hello\n"}},
    {"text": "Done."},
]


def test_it_changes_the_folder_and_tells_of_it(talk: Callable[..., Talk]) -> None:
    chat = talk(SCRIPT)
    chat.say("Greet the world")
    user, first, result, last = chat.wait()

    assert (chat.root / "hello.txt").read_text() == "Hello\n"
    assert (user["role"], user["content"], user["status"]) == ("user", "Greet the world", "complete")
    assert (first["content"], first["status"]) == ("I write it.", "complete")
    assert first["metadata"]["reasoning"] == "A greeting belongs in a file."
    assert first["tool_calls"][0]["name"] == "write_file"
    assert result["tool_results"]["tool_call_id"] == first["tool_calls"][0]["id"]
    assert "hello.txt" in result["tool_results"]["output"]
    assert last["content"] == "Done."
    assert last["tokens_used"] > 0


def test_it_records_a_trace_of_the_call(talk: Callable[..., Talk]) -> None:
    chat = talk(SCRIPT)
    chat.say("Greet the world")
    messages = chat.wait()
    (trace,) = chat.traces()

    assert (trace["tool"], trace["status"], trace["step"]) == ("write_file", "ok", 1)
    assert trace["message_id"] == messages[1]["id"]
    assert trace["input"] == {"path": "hello.txt", "content": "Hello\n"}
    assert trace["duration_ms"] > 0
    assert trace["finished_at"] > trace["started_at"]
    assert trace["tokens"]["prompt"] > 0
    assert trace["tokens"]["completion"] > 0
    assert trace["cost_usd"] is None


def test_it_sends_the_frames_in_the_order_of_the_contract(talk: Callable[..., Talk]) -> None:
    chat = talk(SCRIPT)
    with chat.server.socket(chat.session_id) as socket:
        socket.reconnect()
        chat.say("Greet the world")
        socket.until(lambda frame: frame.get("status") == "idle")
    live = [frame for frame in socket.frames if "ord" in frame and "seq" in frame]

    assert [frame["ord"] for frame in live] == list(range(1, len(live) + 1))
    told = [f"{frame['type']} {frame.get('channel')}" for frame in live]
    shape = list(dict.fromkeys(told))
    assert shape == [
        "chat_renamed event",
        "message_started event",
        "delta event",
        "message_complete event",
        "agent_status_updated event",
        "turn_started event",
        "channel_delta status",
        "channel_delta text",
        "channel_delta tool_call",
        "usage event",
        "tool_trace_start event",
        "tool_trace_finish event",
        "channel_delta tool_result",
        "workspace_changed event",
        "agent_snapshot event",
        "turn_finished event",
    ]


def test_it_names_the_chat_by_its_first_words(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "Yes."}])
    words = "Please rename the function compute_everything to something that says what it computes"
    chat.say(words)
    chat.wait()
    session = chat.server.api("GET", f"/api/sessions/{chat.session_id}")
    assert session["chats"][0]["name"] == words
    assert session["name"] == session["chats"][0]["name"]


def test_it_keeps_an_agent_snapshot_of_the_end(talk: Callable[..., Talk]) -> None:
    chat = talk(SCRIPT)
    chat.say("Greet the world")
    messages = chat.wait()
    snapshot = chat.snapshot()
    assert (snapshot["step"], snapshot["message_id"], snapshot["status"]) == (2, messages[-1]["id"], "complete")
    with chat.server.socket(chat.session_id) as socket:
        socket.reconnect()
        assert socket.until("agent_snapshot")["snapshot"] == snapshot


@pytest.mark.parametrize("elsewhere", ["/etc", "neighbour"], ids=["outside the allowed roots", "inside them"])
def test_it_works_on_no_folder_that_became_a_link(talk: Callable[..., Talk], tmp_path: Path, elsewhere: str) -> None:
    script = [
        {"tool": "read_file", "args": {"path": "passwd"}},
        {"tool": "run_command", "args": {"command": ["cat", "passwd"]}},
        {"text": "I see."},
    ]
    chat = talk(script)
    tmp_path.rmdir()
    neighbour = tmp_path.parent / elsewhere
    neighbour.mkdir(exist_ok=True)
    tmp_path.symlink_to(neighbour)
    chat.say("go")
    chat.wait()
    assert [trace["status"] for trace in chat.traces()] == ["denied", "denied"]
    assert "is a link to another one" in chat.traces()[0]["output"]
