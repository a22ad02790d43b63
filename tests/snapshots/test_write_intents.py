"""What a call is about to do is written down once, and anew where it is asked about again after a restart."""

import pytest
from django.utils import timezone

from chats.models import Chat, Message, Turn
from snapshots import write_intents
from snapshots.models import CallStart
from traces.models import ToolTrace

pytestmark = pytest.mark.django_db


def test_the_second_plan_of_a_call_takes_the_place_of_the_first(chat: Chat) -> None:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner)
    message = Message.objects.create(session=chat.session, chat=chat, turn=turn, role="assistant")
    about = {"chat": chat, "turn": turn, "message": message, "step": 1, "input": {}, "started_at": timezone.now()}
    trace, other = (ToolTrace.objects.create(**about, tool_call_id=call_id) for call_id in ("1", "2"))
    write_intents.record(other.pk, [("b", None, "3")])
    write_intents.record(trace.pk, [("a", None, "1")])
    first = CallStart.objects.get(pk=trace.pk)
    write_intents.record(trace.pk, [("a", "1", "2")])
    second = CallStart.objects.get(pk=trace.pk)
    assert (first.changes, second.changes) == ([["a", None, "1"]], [["a", "1", "2"]])
    assert second.started_at == first.started_at
    assert CallStart.objects.get(pk=other.pk).changes == [["b", None, "3"]]
