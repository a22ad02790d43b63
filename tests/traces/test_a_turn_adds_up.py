"""A real turn: its summary, its steps and its calls tell the same story."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.turns.conftest import Talk

SCRIPT = [
    {"text": "I look.", "delay_ms": 20},
    {"usage": {"prompt_tokens": 1000, "completion_tokens": 50, "cache_tokens": 200, "reasoning_tokens": 10}},
    {"tool": "run_command", "args": {"command": ["sleep", "0.2"]}},
    {"tool": "read_file", "args": {"path": "missing.txt"}},
    {"step": True},
    {"usage": {"prompt_tokens": 1400, "completion_tokens": 30, "cache_tokens": 1000, "reasoning_tokens": 0}},
    {"text": "Done."},
]


@pytest.fixture
def chat_id(talk: Callable[..., Talk]) -> Talk:
    chat = talk(SCRIPT)
    chat.say("Look around, please")
    chat.wait()
    return chat


def the_turn(chat: Talk) -> dict[str, Any]:
    (turn,) = chat.server.api("GET", f"/api/chats/{chat.chat_id}/turns")["results"]
    return chat.server.api("GET", f"/api/turns/{turn['id']}") | {"listed": turn}


def test_its_summary_counts_what_happened(chat_id: Talk) -> None:
    turn = the_turn(chat_id)
    assert {name: turn[name] for name in turn["listed"]} == turn["listed"]
    assert (turn["status"], turn["title"]) == ("complete", "Look around, please")
    assert (turn["steps"], turn["calls"], turn["failures"]) == (2, 2, 1)
    assert turn["tokens"] == {"prompt": 2400, "completion": 80, "cache": 1200, "reasoning": 10}
    assert (turn["cost_usd"], turn["unpriced_steps"]) == (None, 2)
    assert "missing.txt" in turn["last_error"]


def test_its_time_is_that_of_its_steps_and_calls_and_little_else(chat_id: Talk) -> None:
    turn, calls = the_turn(chat_id), chat_id.traces()
    assert turn["model_ms"] == pytest.approx(sum(step["duration_ms"] for step in turn["step_list"]))
    assert turn["tool_ms"] == pytest.approx(sum(call["duration_ms"] for call in calls))
    assert turn["tool_ms"] > 200
    rest = turn["duration_ms"] - turn["model_ms"] - turn["tool_ms"] - turn["wait_ms"]
    assert 0 <= rest < 1000


def test_its_steps_tell_when_the_model_began_to_speak(chat_id: Talk) -> None:
    first, second = the_turn(chat_id)["step_list"]
    assert 0 < first["first_token_ms"] < first["duration_ms"]
    assert (first["status"], first["calls"], first["finish_reason"]) == ("ok", 2, "tool_call")
    assert (second["number"], second["calls"], second["finish_reason"]) == (2, 0, "stop")
    assert first["tokens"]["prompt"] == 1000


def test_its_calls_tell_where_their_time_went(chat_id: Talk) -> None:
    first, second = chat_id.traces()
    step = the_turn(chat_id)["step_list"][0]
    assert first["model_ms"] == second["model_ms"] == step["duration_ms"]
    assert first["queue_ms"] < first["duration_ms"] < second["queue_ms"]


def test_what_follows_begins_when_it_is_over(chat_id: Talk) -> None:
    (first, second), (_, answer) = chat_id.traces(), the_turn(chat_id)["step_list"]
    assert first["finished_at"] <= second["started_at"] <= second["finished_at"] <= answer["started_at"]


def test_its_results_tell_what_they_add_to_the_context(chat_id: Talk) -> None:
    calls = chat_id.traces()
    # 1400 - 1000 - (50 - 10)
    assert sum(call["context_tokens"] for call in calls) == 360
    assert [call["carried_steps"] for call in calls] == [1, 1]


def test_its_usage_is_the_chats_and_the_sessions_and_the_projects(chat_id: Talk) -> None:
    api, turn = chat_id.server.api, the_turn(chat_id)
    of_turn = api("GET", f"/api/turns/{turn['id']}/usage")
    of_chat = api("GET", f"/api/chats/{chat_id.chat_id}/usage")
    assert of_turn == of_chat == api("GET", f"/api/sessions/{chat_id.session_id}/usage")
    assert of_chat == api("GET", f"/api/projects/{chat_id.project['id']}/usage")
    assert (of_turn["calls"], of_turn["errors"], of_turn["steps"], of_turn["turns"]) == (2, 1, 2, {"complete": 1})
    assert of_turn["tokens"] == turn["tokens"]
    assert {entry["tool"]: (entry["calls"], entry["errors"]) for entry in of_turn["by_tool"]} == {
        "run_command": (1, 0),
        "read_file": (1, 1),
    }
    (model,) = of_turn["by_model"]
    assert (model["steps"], model["tokens"]) == (2, turn["tokens"])
    (command,) = [entry for entry in of_turn["by_tool"] if entry["tool"] == "run_command"]
    assert command["p50_ms"] == pytest.approx(command["duration_ms"], rel=0.1)


def test_its_usage_can_be_asked_for_days(chat_id: Talk) -> None:
    api, path = chat_id.server.api, f"/api/chats/{chat_id.chat_id}/usage"
    (day,) = api("GET", path)["by_day"]
    assert api("GET", f"{path}?since={day['day']}&until={day['day']}")["calls"] == 2
    assert api("GET", f"{path}?until=2020-01-01")["calls"] == 0
    assert "since" in api("GET", f"{path}?since=yesterday", expect=400)
    assert "since, until" in api("GET", f"{path}?from=1", expect=400)["from"][0]
