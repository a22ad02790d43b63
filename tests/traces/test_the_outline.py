"""The outline: a chat's calls as a table that is small, in order, and nobody else's."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from chats.models import Chat, Message, Turn
from traces.models import ModelStep, ToolTrace, TurnSummary
from traces.read.changed_lines import read_changes
from traces.read.table import shorten_input

QUERIES = 9
Answer = dict[str, Any]


@pytest.fixture
def turn(chat: Chat) -> Turn:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
    TurnSummary.objects.create(turn=turn, chat=chat, title="Fix it", queued_at=timezone.now())
    return turn


def add_step(turn: Turn, calls: int, **fields: Any) -> ModelStep:
    """A step of one second with `calls` calls of one second each after it."""
    before = ModelStep.objects.filter(turn=turn).count()
    started = timezone.now() + timedelta(seconds=10 * before)
    message = Message.objects.create(session=turn.chat.session, chat=turn.chat, turn=turn, role="assistant")
    step = ModelStep.objects.create(
        message=message, chat=turn.chat, turn=turn, number=before + 1, status="ok", started_at=started, duration_ms=1000
    )
    for number in range(calls):
        values = {
            "tool": "run_command",
            "status": "ok",
            "input": {"command": ["ls", f"-{number}"]},
            "step": step.number,
        }
        values |= {"started_at": started + timedelta(seconds=1 + number), "duration_ms": 1000.0} | fields
        ToolTrace.objects.create(chat=turn.chat, message=message, turn=turn, tool_call_id=f"c{number}", **values)
    return step


def rows(table: Answer) -> list[Answer]:
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def read(client: APIClient, chat: Chat, **query: Any) -> Answer:
    answer = client.get(f"/api/chats/{chat.pk}/outline", query)
    assert answer.status_code == 200, answer.json()
    body: Answer = answer.json()
    return body


def test_it_gives_a_turn_in_order_with_its_steps(as_alice: APIClient, chat: Chat, turn: Turn) -> None:
    for calls in (2, 0, 1):
        add_step(turn, calls)
    outline = read(as_alice, chat, turn=str(turn.pk), sort="oldest")
    assert [step["number"] for step in rows(outline["steps"])] == [1, 2, 3]
    assert [call["input"] for call in rows(outline["calls"])] == [
        {"command": ["ls", "-0"]},
        {"command": ["ls", "-1"]},
        {"command": ["ls", "-0"]},
    ]
    assert [summary["title"] for summary in outline["turns"]] == ["Fix it"]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_it_gives_each_step_however_the_pages_fall(as_alice: APIClient, chat: Chat, turn: Turn, limit: int) -> None:
    for count in (0, 3, 0, 1, 2, 0):
        add_step(turn, count)
    steps: set[int] = set()
    calls: list[str] = []
    url = f"/api/chats/{chat.pk}/outline?turn={turn.pk}&sort=oldest&limit={limit}"
    while url:
        page = as_alice.get(url).json()
        steps |= {step["number"] for step in rows(page["steps"])}
        calls += [call["id"] for call in rows(page["calls"])]
        url = page["next"] and "{0.path}?{0.query}".format(urlsplit(page["next"]))
    assert steps == {1, 2, 3, 4, 5, 6}
    assert len(calls) == len(set(calls)) == 6


def test_it_tells_the_long_idle_times_of_a_turn(as_alice: APIClient, chat: Chat, turn: Turn) -> None:
    add_step(turn, 1, wait_ms=0.0)
    step = add_step(turn, 0)
    ModelStep.objects.filter(pk=step.pk).update(started_at=step.started_at + timedelta(hours=2))
    ((start, end),) = read(as_alice, chat, turn=str(turn.pk), sort="oldest")["gaps"]
    assert 7200_000 <= end - start <= 7210_000


def test_it_filters_as_the_list_does(as_alice: APIClient, chat: Chat, turn: Turn) -> None:
    add_step(turn, 2)
    add_step(turn, 1, status="error", output="one\nAssertionError: 3 != 4\n[exit code 1]", exit_code=1)
    (call,) = rows(read(as_alice, chat, status="error")["calls"])
    assert (call["status"], call["last_line"]) == ("error", "AssertionError: 3 != 4")
    assert read(as_alice, chat, q="assertion", min_ms="999")["calls"]["rows"] != []
    assert as_alice.get(f"/api/chats/{chat.pk}/outline", {"limit": 1001}).status_code == 400
    assert as_alice.get(f"/api/chats/{chat.pk}/outline", {"colour": "red"}).status_code == 400


def test_it_is_not_there_for_a_stranger(as_charlie: APIClient, chat: Chat) -> None:
    assert as_charlie.get(f"/api/chats/{chat.pk}/outline").status_code == 404


def test_it_stays_small_and_asks_little(
    as_alice: APIClient, chat: Chat, turn: Turn, django_assert_max_num_queries: Any
) -> None:
    add_step(turn, 200, output="x" * 8000, input={"path": "a.py", "content": "y" * 8000}, tool="write_file")
    with django_assert_max_num_queries(QUERIES):
        answer = as_alice.get(f"/api/chats/{chat.pk}/outline?turn={turn.pk}&sort=oldest")
    assert len(answer.content) < 200 * 400


def test_it_counts_the_lines_of_an_edit() -> None:
    assert read_changes("edit_file", {"old": "a\nb\nc", "new": "a\nB\nB2\nc"}) == (2, 1, None)
    assert read_changes("edit_file", {"edits": [{"old": "a", "new": "b"}, {"old": "c", "new": ""}]}) == (1, 2, None)
    assert read_changes("write_file", {"content": "a\nb\n"}) == (2, 0, None)
    assert read_changes("run_command", {"command": ["ls"]}) == (None, None, None)
    assert read_changes("edit_file", "no object") == (None, None, None)


PATCH = (
    "diff --git a/x b/x\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,3 @@\n-old\n+new\n+more\n same\n"
    '--- /dev/null\n+++ "b/made.py"\n@@ -0,0 +1 @@\n+x\n--- a/gone.py\t2026\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n'
)


def test_it_names_the_files_of_a_patch_and_counts_its_lines() -> None:
    paths = ["src/a.py", "made.py", "gone.py"]
    assert read_changes("apply_patch", {"patch": PATCH}) == (3, 2, paths)
    assert read_changes("apply_patch", {"patch": "none"}) == (None, None, [])
    assert shorten_input({"patch": PATCH}, paths) == {"paths": paths}
    assert shorten_input({"patch": "none"}, []) == {"paths": []}


def test_it_cuts_the_input_to_words() -> None:
    words = shorten_input(
        {"path": "p" * 1000, "content": "left out", "lines": 3, "command": ["a" * 200] * 9, "deep": {"a": 1}}
    )
    assert [len(str(words["path"])), words["lines"], "content" in words] == [160, 3, False]
    assert len(words["command"]) == 3
    assert words["deep"] == "{'a': 1}"
    assert shorten_input("no object") == "no object"
