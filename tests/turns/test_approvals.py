"""A project that asks: the call waits for a person, wherever they answer from, and over a restart."""

import subprocess
import time
from collections.abc import Callable
from typing import Any

from tests.server import Server
from tests.turns.conftest import Talk

COMMAND = {"tool": "run_command", "args": {"command": ["touch", "made.txt"]}}
SCRIPT = [COMMAND, {"text": "Done."}]


def waiting(chat: Talk) -> dict[str, Any]:
    chat.wait_until(lambda: chat.status() == "waiting")
    return chat.traces()[-1]


def decide(chat: Talk, decision: str, expect: int | None = None, **fields: str) -> Any:
    trace = chat.traces()[-1]
    path = f"/api/traces/{trace['id']}/decision"
    return chat.server.api("POST", path, {"decision": decision, **fields}, expect)


def test_it_waits_and_then_runs(talk: Callable[..., Talk]) -> None:
    chat = talk(SCRIPT, approval="ask")
    with chat.server.socket(chat.session_id) as socket:
        socket.reconnect()
        chat.say("go")
        asked = socket.until("approval_requested")
        assert (asked["tool"], asked["input"]) == ("run_command", COMMAND["args"])
        assert "touch made.txt" in asked["reason"]
        time.sleep(0.2)
        assert not (chat.root / "made.txt").exists()
        decide(chat, "allow")
        resolved = socket.until("approval_resolved")
        assert (resolved["decision"], resolved["by"]) == ("allow", "admin")
        socket.until(lambda frame: frame.get("status") == "idle")
    assert (chat.root / "made.txt").exists()
    (trace,) = chat.traces()
    assert trace["status"] == "ok"
    assert 200 <= trace["wait_ms"] <= trace["duration_ms"]
    assert trace["decided_by"] == "mode: ask, then a person"


def test_a_script_finds_what_waits(talk: Callable[..., Talk]) -> None:
    chat = talk(SCRIPT, approval="ask")
    chat.say("go")
    trace = waiting(chat)
    assert trace["waiting"] is True
    for path in ("/api/approvals", f"/api/approvals?session={chat.session_id}", f"/api/chats/{chat.chat_id}/approvals"):
        (one,) = chat.server.api("GET", path)["results"]
        assert (one["trace_id"], one["chat_id"], one["session_id"]) == (trace["id"], chat.chat_id, chat.session_id)
        assert (one["tool"], one["input"]) == ("run_command", COMMAND["args"])
        assert "touch made.txt" in one["reason"]
    assert chat.server.api("GET", f"/api/approvals?project={chat.chat_id}")["results"] == []
    chat.server.api("GET", "/api/approvals?sesion=x", expect=400)
    chat.server.api("POST", f"/api/traces/{one['trace_id']}/decision", {"decision": "allow"})
    chat.wait()
    assert chat.server.api("GET", "/api/approvals")["results"] == []
    assert chat.traces()[0]["waiting"] is False


def test_a_denial_is_told_to_the_model(talk: Callable[..., Talk]) -> None:
    chat = talk([COMMAND, {"expect": "Use the tool instead"}, {"text": "I see."}], approval="ask")
    chat.say("go")
    waiting(chat)
    decide(chat, "deny", note="Use the tool instead.")
    assert chat.wait()[-1]["content"] == "I see."
    assert chat.traces()[0]["status"] == "denied"
    assert not (chat.root / "made.txt").exists()


def test_always_allows_the_same_call_from_then_on_and_no_other(talk: Callable[..., Talk]) -> None:
    other = {"tool": "run_command", "args": {"command": ["touch", "other.txt"]}}
    step = {"step": True}
    chat = talk([COMMAND, {"text": "a"}, step, COMMAND, {"text": "b"}, step, other, {"text": "c"}], approval="ask")
    chat.say("go")
    waiting(chat)
    decide(chat, "always")
    chat.wait()
    chat.say("again")
    chat.wait()
    assert [trace["status"] for trace in chat.traces()] == ["ok", "ok"]
    assert chat.traces()[1]["decided_by"] == "rule run_command: touch made.txt"
    chat.say("another")
    waiting(chat)
    (rule,) = chat.server.api("GET", f"/api/projects/{chat.project['id']}/rules")
    assert (rule["tool"], rule["pattern"], rule["verdict"]) == ("run_command", "touch made.txt", "allow")
    chat.cancel()
    chat.wait()


def test_a_rule_denies_whatever_the_project_allows(talk: Callable[..., Talk]) -> None:
    chat = talk([COMMAND, {"expect": "rule"}, {"text": "Fine."}])
    path = f"/api/projects/{chat.project['id']}/rules"
    chat.server.api("POST", path, {"tool": "run_command", "pattern": "touch **", "verdict": "deny"})
    chat.say("go")
    assert chat.wait()[-1]["content"] == "Fine."
    (trace,) = chat.traces()
    assert (trace["status"], trace["decided_by"]) == ("denied", "rule run_command: touch **")


def test_it_does_not_ask_for_what_only_reads(talk: Callable[..., Talk]) -> None:
    chat = talk([{"tool": "run_command", "args": {"command": ["ls"]}}, {"text": "Done."}], approval="ask")
    chat.say("go")
    assert chat.wait()[-1]["content"] == "Done."


def test_it_asks_where_the_repository_makes_a_reading_command_run_programs(talk: Callable[..., Talk]) -> None:
    chat = talk([{"tool": "run_command", "args": {"command": ["git", "diff"]}}, {"text": "I see."}], approval="ask")
    for arguments in (["init", "-q"], ["config", "diff.external", "touch owned"]):
        subprocess.run(["git", *arguments], cwd=chat.root, check=True)
    with chat.server.socket(chat.session_id) as socket:
        socket.reconnect()
        chat.say("go")
        assert "diff.external" in socket.until("approval_requested")["reason"]
    decide(chat, "deny")
    chat.wait()


def test_a_read_only_project_denies_writes(talk: Callable[..., Talk]) -> None:
    write = {"tool": "write_file", "args": {"path": "made.txt", "content": ""}}
    chat = talk([write, {"expect": "read-only"}, {"text": "I see."}], approval="read_only")
    chat.say("go")
    assert chat.wait()[-1]["content"] == "I see."
    assert chat.traces()[0]["decided_by"] == "mode: read only"
    assert not (chat.root / "made.txt").exists()


def test_the_question_survives_a_crash_and_a_stop(serve: Callable[..., Server], talk: Callable[..., Talk]) -> None:
    server = serve(BOOCODE_LEASE_S="4")
    chat = talk(SCRIPT, server=server, approval="ask")
    chat.say("go")
    trace = waiting(chat)
    server.kill()
    server.start()
    server.restart()
    assert chat.status() == "waiting"
    with server.socket(chat.session_id) as socket:
        socket.reconnect()
        (question,) = socket.until("snapshot")["approvals"]
    assert (question["trace_id"], question["tool"]) == (trace["id"], "run_command")
    decide(chat, "allow")
    chat.wait()
    assert [found["id"] for found in chat.traces()] == [trace["id"]]
    assert chat.traces()[0]["status"] == "ok"
    assert (chat.root / "made.txt").exists()
    assert chat.traces()[0]["decided_by"] == "mode: ask, then a person"


def test_a_stop_withdraws_the_question(talk: Callable[..., Talk]) -> None:
    chat = talk(SCRIPT, approval="ask")
    chat.say("go")
    waiting(chat)
    chat.cancel()
    chat.wait()
    (trace,) = chat.traces()
    assert (trace["status"], trace["wait_ms"]) == ("cancelled", trace["duration_ms"])
    assert trace["decided_by"] == "mode: ask"
    assert "does not wait" in decide(chat, "allow", expect=409)["detail"]


def test_nobody_answering_is_a_no(serve: Callable[..., Server], talk: Callable[..., Talk]) -> None:
    server = serve(BOOCODE_APPROVAL_TIMEOUT_S="1")
    chat = talk([COMMAND, {"expect": "Nobody decided"}, {"text": "I see."}], server=server, approval="ask")
    chat.say("go")
    assert chat.wait()[-1]["content"] == "I see."
    (trace,) = chat.traces()
    assert (trace["status"], trace["decided_by"]) == ("denied", "mode: ask, then nobody in time")


def test_a_wrong_decision_is_refused_with_the_choices(talk: Callable[..., Talk]) -> None:
    chat = talk(SCRIPT, approval="ask")
    chat.say("go")
    waiting(chat)
    assert "maybe" in str(decide(chat, "maybe", expect=400))
    chat.cancel()
    chat.wait()
