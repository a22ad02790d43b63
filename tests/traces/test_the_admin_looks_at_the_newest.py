"""Lists in the admin cost the same however much there is: they show the newest calls, or those of a month."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from chats.models import Chat, Message, Turn
from traces.models import DailyUsage, ToolTrace
from traces.read import newest_rows

pytestmark = pytest.mark.usefixtures("unhashed_static")

LIST = "/admin/traces/tooltrace/"


def add_call(turn: Turn, tool: str, made: datetime) -> ToolTrace:
    """A call whose id is of the time when it was made."""
    message = Message.objects.create(session=turn.chat.session, chat=turn.chat, turn=turn, role="assistant")
    id = UUID(int=(int(made.timestamp() * 1000) << 80) | 7)
    DailyUsage.objects.create(chat=turn.chat, day=made.date(), kind="tool", name=tool)
    return ToolTrace.objects.create(
        id=id, chat=turn.chat, message=message, turn=turn, step=1, tool=tool, input={}, started_at=timezone.now()
    )


@pytest.fixture
def calls(chat: Chat) -> list[ToolTrace]:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
    days = [(2026, 1, 1), (2026, 1, 31), (2026, 2, 1), (2026, 3, 1)]
    return [add_call(turn, f"tool{number}", datetime(*day, tzinfo=UTC)) for number, day in enumerate(days)]


@pytest.fixture
def look(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(newest_rows, "NEWEST_ROWS", 2)
    client.force_login(get_user_model().objects.create_superuser("root"))

    def found(**query: str) -> list[str]:
        page = client.get(LIST, query)
        assert page.status_code == 200
        return [trace.tool for trace in page.context["cl"].result_list]

    return found


def test_they_are_of_the_newest_calls(look: Any, calls: list[ToolTrace]) -> None:
    assert look() == ["tool3", "tool2"]
    assert look(q="tool1") == []
    assert look(status__exact="running") == ["tool3", "tool2"]


def test_they_are_of_a_month(look: Any, calls: list[ToolTrace]) -> None:
    assert look(month="2026-01") == ["tool1", "tool0"]
    assert look(month="2026-02") == ["tool2"]
    assert look(month="2025-12") == []
    assert look(month="nonsense") == ["tool3", "tool2"]


def test_they_find_an_id_however_old(look: Any, calls: list[ToolTrace]) -> None:
    assert look(q=str(calls[0].pk)) == ["tool0"]
    assert look(q=f" {calls[1].message_id.hex}") == ["tool1"]
    assert len(look(q=str(calls[0].turn_id))) == 4


def test_they_say_what_it_adds_up_to(client: Client, look: Any, calls: list[ToolTrace]) -> None:
    ToolTrace.objects.filter(pk=calls[3].pk).update(status="error", duration_ms=1500.0)
    assert "2 calls, 1 failed,\n      1.5 s in all" in client.get(LIST).content.decode()
