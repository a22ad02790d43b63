"""What a summary says of turns that fail, are stopped, wait, or never begin."""

from collections.abc import Callable
from typing import Any

from tests.turns.conftest import Talk


def turns(chat: Talk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chat.server.api("GET", f"/api/chats/{chat.chat_id}/turns")["results"]
    return found


def steps(chat: Talk, turn: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chat.server.api("GET", f"/api/turns/{turn['id']}")["step_list"]
    return found


def test_a_failing_model_is_the_turns_last_error(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "I"}, {"error": {"reason": "auth", "message": "The key is wrong."}}])
    chat.say("go")
    chat.wait()
    (turn,) = turns(chat)
    assert (turn["status"], turn["last_error"]) == ("failed", "The key is wrong.")
    (step,) = steps(chat, turn)
    assert (step["status"], step["error"]) == ("error", "The key is wrong.")
    assert step["finished_at"] is not None
    assert chat.server.api("GET", f"/api/chats/{chat.chat_id}/usage")["by_model"][0]["errors"] == 1


def test_a_stopped_turn_says_so_and_what_was_queued_behind_it(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "word " * 1000, "chunk": 5, "delay_ms": 10}])
    chat.say("go")
    chat.say("and then this")
    chat.wait_until(lambda: turns(chat)[1]["status"] == "running")
    assert [turn["status"] for turn in turns(chat)] == ["queued", "running"]
    chat.cancel()
    chat.wait()
    assert [turn["status"] for turn in turns(chat)] == ["cancelled", "cancelled"]
    assert steps(chat, turns(chat)[1])[0]["status"] == "cancelled"
    assert steps(chat, turns(chat)[0]) == []


def test_a_turn_that_waits_for_a_person_shows_how_long(talk: Callable[..., Talk]) -> None:
    script = [{"tool": "run_command", "args": {"command": ["touch", "x"]}}, {"text": "Done."}]
    chat = talk(script, approval="ask")
    chat.say("go")
    chat.wait_until(lambda: turns(chat)[0]["status"] == "waiting")
    (trace,) = chat.traces()
    chat.server.api("POST", f"/api/traces/{trace['id']}/decision", {"decision": "allow"})
    chat.wait_until(lambda: turns(chat)[0]["status"] == "complete")
    (trace,), (turn,) = chat.traces(), turns(chat)
    assert 0 < trace["wait_ms"] <= trace["duration_ms"]
    assert turn["wait_ms"] == trace["wait_ms"]
    assert turn["wait_ms"] + turn["tool_ms"] + turn["model_ms"] <= turn["duration_ms"]


def test_a_killed_server_leaves_interrupted_steps_and_a_turn_that_ends_once(
    serve: Callable[..., Any], talk: Callable[..., Talk]
) -> None:
    server = serve()
    chat = talk([{"text": "word " * 100, "chunk": 5, "delay_ms": 20}], server=server)
    chat.say("go")
    chat.wait_until(lambda: len(chat.messages()) == 2 and len(chat.messages()[1]["content"]) > 20)
    server.kill()
    server.start()
    chat.wait(timeout_s=90)
    (turn,) = turns(chat)
    assert [step["status"] for step in steps(chat, turn)] == ["interrupted", "ok"]
    assert (turn["status"], turn["steps"]) == ("complete", 2)
    assert chat.server.api("GET", f"/api/chats/{chat.chat_id}/usage")["turns"] == {"complete": 1}
