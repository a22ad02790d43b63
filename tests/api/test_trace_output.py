import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from chats.models import Chat, Message, Turn
from traces.models import ToolTrace

TEXT = "one\ntwö\nthree\n"


@pytest.fixture
def url(chat: Chat) -> str:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner)
    message = Message.objects.create(session=chat.session, chat=chat, turn=turn, role="assistant")
    trace = ToolTrace.objects.create(
        chat=chat,
        message=message,
        turn=turn,
        step=1,
        tool="run_command",
        input={},
        output=TEXT,
        started_at=timezone.now(),
    )
    return f"/api/traces/{trace.id}/output"


def test_it_gives_the_output_as_text_whatever_is_asked_for(as_alice: APIClient, url: str) -> None:
    for accept in ("*/*", "text/plain", "text/html", "application/json"):
        answer = as_alice.get(url, headers={"accept": accept})
        assert (answer.status_code, answer.content.decode()) == (200, TEXT)
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("header", "part", "place"),
    [
        ("bytes=0-2", b"one", "bytes 0-2/15"),
        ("bytes=9-", b"three\n", "bytes 9-14/15"),
        ("bytes=-6", b"three\n", "bytes 9-14/15"),
        ("bytes=9-9999", b"three\n", "bytes 9-14/15"),
        ("bytes=-9999", TEXT.encode(), "bytes 0-14/15"),
    ],
)
def test_it_gives_the_bytes_of_a_range(as_alice: APIClient, url: str, header: str, part: bytes, place: str) -> None:
    answer = as_alice.get(url, headers={"range": header})
    assert (answer.status_code, answer.content, answer["Content-Range"]) == (206, part, place)


@pytest.mark.parametrize("header", ["bytes=15-", "bytes=99-100", "bytes=-0"])
def test_it_refuses_a_range_behind_the_end(as_alice: APIClient, url: str, header: str) -> None:
    answer = as_alice.get(url, headers={"range": header})
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */15")
    assert "15 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["bytes=5-2", "lines=1-2", "bytes=0-1,3-4", "bytes=-", "bytes=x-", "bytes=²-"])
def test_it_ignores_a_range_that_makes_no_sense(as_alice: APIClient, url: str, header: str) -> None:
    answer = as_alice.get(url, headers={"range": header})
    assert (answer.status_code, answer.content.decode()) == (200, TEXT)


@pytest.mark.parametrize(
    ("query", "part"),
    [("from_line=2", "twö\nthree\n"), ("from_line=2&lines=1", "twö\n"), ("lines=1", "one\n"), ("from_line=9", "")],
)
def test_it_gives_some_lines(as_alice: APIClient, url: str, query: str, part: str) -> None:
    assert as_alice.get(f"{url}?{query}").content.decode() == part


@pytest.mark.parametrize("query", ["from_line=0", "lines=-1", "lines=all", "colour=red"])
def test_it_refuses_lines_that_do_not_exist(as_alice: APIClient, url: str, query: str) -> None:
    assert as_alice.get(f"{url}?{query}").status_code == 400
