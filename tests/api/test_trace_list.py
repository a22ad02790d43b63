from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from chats.models import Chat, Message, Turn
from traces.models import ToolTrace

DB_QUERIES = 6


@pytest.fixture
def turn(chat: Chat) -> Turn:
    return Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")


@pytest.fixture
def message(chat: Chat, turn: Turn) -> Message:
    return Message.objects.create(session=chat.session, chat=chat, turn=turn, role="assistant")


def record(message: Message, count: int = 1, **fields: Any) -> list[ToolTrace]:
    values = {"tool": "read_file", "status": "ok", "input": {"path": "a.py"}, "started_at": timezone.now(), "step": 1}
    return ToolTrace.objects.bulk_create(
        ToolTrace(chat=message.chat, message=message, turn=message.turn, tool_call_id="call", **values | fields)
        for _ in range(count)
    )


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [entry["id"] for entry in answer.json()["results"]]


def relative(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def test_it_lists_newest_first_fifty_at_a_time(as_alice: APIClient, chat: Chat, message: Message) -> None:
    made = [str(trace.id) for trace in record(message, 60)]
    answer = as_alice.get(f"/api/chats/{chat.id}/traces")
    assert ids(answer) == made[:-51:-1]
    assert answer.json()["previous"] is None
    rest = as_alice.get(relative(answer.json()["next"]))
    assert ids(rest) == made[9::-1]
    assert rest.json()["next"] is None
    assert ids(as_alice.get(relative(rest.json()["previous"]))) == ids(answer)


def test_it_neither_repeats_nor_skips_while_calls_arrive(as_alice: APIClient, chat: Chat, message: Message) -> None:
    old = {str(trace.id) for trace in record(message, 25)}
    url, seen = f"/api/chats/{chat.id}/traces?limit=7", []
    while url:
        answer = as_alice.get(url)
        seen += ids(answer)
        record(message, 3)
        url = answer.json()["next"] and relative(answer.json()["next"])
    assert len(seen) == len(set(seen)) == 25
    assert set(seen) == old
    back = as_alice.get(relative(answer.json()["previous"]))
    assert not set(ids(back)) - old


def test_it_goes_back_to_what_is_new(as_alice: APIClient, chat: Chat, message: Message) -> None:
    record(message, 5)
    second = as_alice.get(relative(as_alice.get(f"/api/chats/{chat.id}/traces?limit=3").json()["next"]))
    new = [str(trace.id) for trace in record(message, 2)]
    first = as_alice.get(relative(second.json()["previous"]))
    newest = as_alice.get(relative(first.json()["previous"]))
    assert ids(newest) == new[::-1]
    assert newest.json()["previous"] is None


def test_it_filters_by_tool_status_turn_and_duration(
    as_alice: APIClient, chat: Chat, message: Message, turn: Turn
) -> None:
    slow = record(message, tool="run_command", status="error", duration_ms=2500.0)[0]
    record(message, duration_ms=3.0)
    for query in ("tool=run_command", "status=error", "min_ms=100.5", f"turn={turn.id}&tool=run_command"):
        assert ids(as_alice.get(f"/api/chats/{chat.id}/traces?{query}")) == [str(slow.id)], query
    assert ids(as_alice.get(f"/api/chats/{chat.id}/traces?tool=unheard_of")) == []


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("cursor=nonsense", "cursor", "no cursor"),
        ("cursor=", "cursor", "blank"),
        ("cursor=cD0x", "cursor", "no cursor"),
        ("cursor=bz05OTk=", "cursor", "no cursor"),
        ("limit=0", "limit", "greater than or equal to 1"),
        ("limit=-1", "limit", "greater than or equal to 1"),
        ("limit=1000000000", "limit", "less than or equal to 200"),
        ("limit=many", "limit", "valid integer"),
        ("status=fine", "status", "running, ok, error, timeout, denied, cancelled, interrupted"),
        ("turn=7", "turn", "valid UUID"),
        ("min_ms=-1", "min_ms", "greater than or equal to 0"),
        ("min_ms=nan", "min_ms", "valid number"),
        ("tool=%00", "tool", "Null characters"),
        ("colour=red", "colour", "limit, cursor, tool, status, turn, min_ms"),
    ],
)
def test_it_says_what_is_allowed(as_alice: APIClient, chat: Chat, query: str, name: str, words: str) -> None:
    answer = as_alice.get(f"/api/chats/{chat.id}/traces?{query}")
    assert answer.status_code == 400
    assert words in answer.json()[name][0]


def test_it_cuts_large_bodies_and_says_so(as_alice: APIClient, chat: Chat, message: Message) -> None:
    [trace] = record(message, input={"path": "a.py", "content": "x" * 50_000}, output="y" * 50_000)
    [entry] = as_alice.get(f"/api/chats/{chat.id}/traces").json()["results"]
    assert entry["cut"] == ["input", "output"]
    assert len(entry["output"]) == 2048
    assert len(str(entry["input"])) < 3000
    whole = as_alice.get(f"/api/traces/{trace.id}").json()
    assert len(whole["output"]) == len(whole["input"]["content"]) == 50_000
    record(message, output="short")
    assert as_alice.get(f"/api/chats/{chat.id}/traces").json()["results"][0]["cut"] == []


def test_it_asks_the_database_as_often_for_many_as_for_one(
    as_alice: APIClient, chat: Chat, message: Message, django_assert_max_num_queries: Any
) -> None:
    record(message, 150)
    with django_assert_max_num_queries(DB_QUERIES):
        as_alice.get(f"/api/chats/{chat.id}/traces?limit=150")
