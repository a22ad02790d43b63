"""One call tells of a turn's end as it comes, and of all that came of it, whoever else waits meanwhile."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings

from tests.server import Server, http
from tests.turns.conftest import Talk

WRITE = {"tool": "write_file", "args": {"path": "made.txt", "content": "one\ntwo\n"}}


def wait_for(chat: Talk, turn_id: str, seconds: int = 60, server: Server | None = None) -> dict[str, Any]:
    server = server or chat.server
    address = f"{server.url}/api/turns/{turn_id}?wait={seconds}"
    answer = http.get(address, headers={"Authorization": f"Bearer {server.token}"}, timeout=seconds + 30)
    assert answer.status_code == 200, answer.text
    assert "x-wait-for-turn" not in answer.headers
    found: dict[str, Any] = answer.json()
    return found


def test_it_answers_with_all_that_came_of_the_turn(talk: Callable[..., Talk]) -> None:
    chat = talk([{"wait_s": 1.0}, WRITE, {"text": "Made it."}], check_command="false")
    began = time.monotonic()
    turn = wait_for(chat, chat.say("go")["turn"]["id"])
    assert 1 < time.monotonic() - began < 30
    assert (turn["status"], turn["answer"], turn["error"]) == ("complete", chat.messages()[-1]["content"], None)
    assert [(file["path"], file["status"], file["added"]) for file in turn["files"]] == [("made.txt", "added", 2)]
    assert "+two" in turn["patch"]
    assert turn["patch_cut"] is False
    assert turn["check"]["command"] == "false"
    assert turn["tokens"]["prompt"] > 0
    assert len(turn["step_list"]) == turn["steps"]


def test_it_answers_at_once_when_the_turn_is_over(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "Hello."}])
    turn_id = chat.say("go")["turn"]["id"]
    wait_for(chat, turn_id)
    began = time.monotonic()
    assert wait_for(chat, turn_id)["answer"] == "Hello."
    assert time.monotonic() - began < 3


def test_it_answers_when_the_time_is_up(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "Thinking", "chunk": 4}, {"wait_s": 60}])
    turn_id = chat.say("go")["turn"]["id"]
    began = time.monotonic()
    turn = wait_for(chat, turn_id, 2)
    assert 2 <= time.monotonic() - began < 10
    assert (turn["status"], turn["answer"], turn["files"], turn["patch"]) == ("running", "Thinking", None, None)
    chat.cancel()
    assert wait_for(chat, turn_id)["status"] == "cancelled"


def test_a_crowd_that_waits_keeps_nobody_from_working(talk: Callable[..., Talk]) -> None:
    chat = talk([{"wait_s": 60}])
    turn_id = chat.say("go")["turn"]["id"]
    with ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(wait_for, chat, turn_id) for _ in range(60)]
        time.sleep(3)
        assert not any(each.done() for each in waiting)
        began = time.monotonic()
        assert chat.status() == "running"
        chat.cancel()
        assert {each.result()["status"] for each in waiting} == {"cancelled"}
        assert time.monotonic() - began < 20


def test_a_server_that_stops_does_not_wait(talk: Callable[..., Talk], serve: Callable[..., Server]) -> None:
    chat = talk([{"wait_s": 60}], server=serve())
    turn_id = chat.say("go")["turn"]["id"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for, chat, turn_id)
        time.sleep(1)
        chat.server.stop()
        assert waiting.result(timeout=10)["status"] in ("queued", "running")


@pytest.mark.skipif(not settings.REDIS_URL, reason="on SQLite there is one server")
def test_it_hears_of_the_end_at_another_server(talk: Callable[..., Talk], serve: Callable[..., Server]) -> None:
    chat = talk([{"wait_s": 2}, {"text": "Hello."}], server=serve())
    peer = chat.server.peer().start()
    try:
        assert wait_for(chat, chat.say("go")["turn"]["id"], server=peer)["answer"] == "Hello."
    finally:
        peer.stop()


@pytest.mark.parametrize("wait", ["-1", "61", "soon", "1.5"])
def test_it_refuses_a_wait_that_it_cannot_keep(talk: Callable[..., Talk], wait: str) -> None:
    chat = talk([{"text": "Hello."}])
    turn_id = chat.say("go")["turn"]["id"]
    answer = chat.server.api("GET", f"/api/turns/{turn_id}?wait={wait}", expect=400)
    assert list(answer) == ["wait"]


def test_each_turn_tells_of_its_end_once(talk: Callable[..., Talk]) -> None:
    chat = talk([WRITE, {"text": "Made it."}, {"step": True}, {"wait_s": 60}], check_command="off")
    with chat.server.socket(chat.session_id) as socket:
        socket.reconnect()
        first = chat.say("go")["turn"]["id"]
        started = socket.until("turn_started")
        assert (started["turn_id"], started["chat_id"]) == (first, chat.chat_id)
        finished = socket.until("turn_finished")
        assert (finished["turn_id"], finished["status"], finished["files"]) == (first, "complete", ["made.txt"])
        assert finished["tokens"]["prompt"] > 0
        second, queued = (chat.say(words)["turn"]["id"] for words in ("again", "and again"))
        socket.until("turn_started")
        chat.cancel()
        socket.until(lambda frame: frame.get("status") == "idle" and frame["type"] == "agent_status_updated")
    ends = [(f["turn_id"], f["status"]) for f in socket.frames if f["type"] == "turn_finished"]
    assert sorted(ends) == sorted([(first, "complete"), (second, "cancelled"), (queued, "cancelled")])
    assert [f["turn_id"] for f in socket.frames if f["type"] == "turn_started"] == [first, second]
