"""Pages by cursor: nothing is skipped or repeated, whatever is asked for, however rare it is."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from chats.models import Chat, Message, Turn
from traces.models import ToolTrace, TurnSummary
from traces.read import queries

CALLS = 120


@pytest.fixture
def calls(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> list[ToolTrace]:
    """Every 7th failed, every 5th was a command, each took another time; oldest first."""
    monkeypatch.setattr(queries, "LOOK_THROUGH", 10)
    monkeypatch.setattr(queries, "LOOK_THROUGH_TEXTS", 10)
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
    message = Message.objects.create(session=chat.session, chat=chat, turn=turn, role="assistant")
    return ToolTrace.objects.bulk_create(
        ToolTrace(
            chat=chat,
            message=message,
            turn=turn,
            step=1,
            tool_call_id=f"call_{n}",
            tool="run_command" if n % 5 == 0 else "read_file",
            status="error" if n % 7 == 0 else "ok",
            input={"path": f"naïve {n} file"},
            output=f"output {n}",
            duration_ms=float((n * 37) % 50) if n % 11 else None,
            started_at=timezone.now(),
        )
        for n in range(CALLS)
    )


def pages(client: APIClient, url: str, link: str = "next") -> list[list[str]]:
    found, pages = url, []
    while found:
        answer = client.get(found).json()
        pages.append([entry["id"] for entry in answer["results"]])
        parts = urlsplit(answer[link] or "")
        found = f"{parts.path}?{parts.query}" if answer[link] else ""
        assert len(pages) < 100
    return pages


@pytest.mark.parametrize("limit", [1, 7, 200])
@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("tool=run_command", lambda t: t.tool == "run_command"),
        ("status=error", lambda t: t.status == "error"),
        ("status=error&tool=run_command", lambda t: t.status == "error" and t.tool == "run_command"),
        ("status=ok&tool=run_command", lambda t: t.status == "ok" and t.tool == "run_command"),
        ("min_ms=49", lambda t: t.duration_ms == 49),
        ("q=OUTPUT 77", lambda t: t.output == "output 77"),
        ("q=na%C3%AFve%205%20file", lambda t: t.tool_call_id == "call_5"),
        ("q=nowhere", lambda t: False),
    ],
)
def test_it_finds_all_there_is_in_short_pages(
    as_alice: APIClient, chat: Chat, calls: list[ToolTrace], query: str, wanted: Any, limit: int
) -> None:
    expected = [str(trace.id) for trace in reversed(calls) if wanted(trace)]
    found = pages(as_alice, f"/api/chats/{chat.id}/traces?{query}&limit={limit}")
    assert [id for page in found for id in page] == expected
    oldest = pages(as_alice, f"/api/chats/{chat.id}/traces?{query}&limit={limit}&sort=oldest")
    assert [id for page in oldest for id in page] == expected[::-1]


def test_it_sorts_by_duration_over_equal_ones(as_alice: APIClient, chat: Chat, calls: list[ToolTrace]) -> None:
    ended = [trace for trace in calls if trace.duration_ms is not None]
    expected = sorted(ended, key=lambda trace: (trace.duration_ms, trace.id), reverse=True)
    for query in ("", "&min_ms=20", "&tool=run_command", "&min_ms=20&status=ok"):
        wanted = [t for t in expected if not query or "min_ms" not in query or (t.duration_ms or 0) >= 20]
        wanted = [t for t in wanted if "tool" not in query or t.tool == "run_command"]
        wanted = [t for t in wanted if "status" not in query or t.status == "ok"]
        found = pages(as_alice, f"/api/chats/{chat.id}/traces?sort=slowest&limit=9{query}")
        assert [id for page in found for id in page] == [str(trace.id) for trace in wanted], query


def test_it_goes_back_the_way_it_came(as_alice: APIClient, chat: Chat, calls: list[ToolTrace]) -> None:
    for query in ("", "&tool=run_command&status=ok", "&sort=slowest", "&sort=slowest&status=ok"):
        url, last = f"/api/chats/{chat.id}/traces?limit=9{query}", ""
        there = pages(as_alice, url)
        while url:
            last, answer = url, as_alice.get(url).json()
            parts = urlsplit(answer["next"] or "")
            url = f"{parts.path}?{parts.query}" if answer["next"] else ""
        back = pages(as_alice, last, "previous")
        forward = [id for page in there for id in page]
        # The last page was given both times.
        assert [id for page in reversed(back) for id in page] == forward, query


def test_a_cursor_of_another_order_is_none(as_alice: APIClient, chat: Chat, calls: list[ToolTrace]) -> None:
    url = f"/api/chats/{chat.id}/traces?limit=5"
    cursor = urlsplit(as_alice.get(url).json()["next"]).query.partition("cursor=")[2].partition("&")[0]
    assert as_alice.get(f"{url}&cursor={cursor}").status_code == 200
    assert as_alice.get(f"{url}&cursor={cursor}&sort=slowest").status_code == 400
    assert as_alice.get(f"/api/chats/{chat.id}/turns?cursor={cursor}x").status_code == 400


def test_turns_are_found_by_what_went_wrong(as_alice: APIClient, chat: Chat) -> None:
    user, now = chat.session.project.owner, timezone.now()
    for n in range(30):
        turn = Turn.objects.create(chat=chat, user=user, status="complete")
        TurnSummary.objects.create(
            turn=turn,
            chat=chat,
            title=f"Mend the thing {n}",
            status="failed" if n == 3 else "complete",
            queued_at=now,
            finished_at=now + timedelta(seconds=n),
            duration_ms=n * 1000.0,
            failures=int(n == 4),
            last_error="The disk is full" if n in (3, 4) else "",
        )

    def titles(query: str) -> list[str]:
        answer = as_alice.get(f"/api/chats/{chat.id}/turns?{query}")
        assert answer.status_code == 200, answer.json()
        return [entry["title"].rpartition(" ")[2] for entry in answer.json()["results"]]

    assert titles("limit=3") == ["29", "28", "27"]
    assert len(titles("")) == 15
    assert titles("status=failed") == ["3"]
    assert titles("failures=true") == ["4"]
    assert titles("q=disk") == ["4", "3"]
    assert titles("q=thing 17") == ["17"]
    assert titles("min_ms=28000") == ["29", "28"]
    assert "limit, cursor, status, min_ms, failures, q" in str(as_alice.get(f"/api/chats/{chat.id}/turns?x=1").json())
