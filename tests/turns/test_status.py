"""The status of a turn, of its chat and of its summary change together, and a frame says so."""

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from chats.models import Chat, Project, Turn
from chats.projects import sessions
from chats.stream.frames import AgentStatusUpdated
from chats.turns import status
from chats.turns.messages import Frames
from traces.models import TurnSummary

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat() -> Chat:
    owner = get_user_model().objects.create_user("alice")
    session = sessions.create_session(Project.objects.create(owner=owner, name="work", root="/tmp"))
    return session.chats.get()


def queue(chat: Chat) -> Turn:
    turn = Turn(chat=chat, user=chat.session.project.owner, model="scripted:demo")
    shown(status.queue_turn(turn, "go"), chat)
    return turn


def claim(chat: Chat) -> Turn:
    with transaction.atomic():
        turn, frames = status.claim_turn(chat.pk)
    shown(frames, chat)
    assert turn is not None
    return turn


def shown(frames: Frames, chat: Chat) -> str:
    """The chat's status, as its row has it; the last frame says the same."""
    chat.refresh_from_db()
    last = frames[-1]
    assert isinstance(last, AgentStatusUpdated)
    assert (last.chat_id, last.status) == (chat.pk, chat.status)
    return chat.status


def of_turn(turn: Turn) -> str:
    turn.refresh_from_db()
    assert TurnSummary.objects.get(pk=turn.pk).status == turn.status
    return turn.status


def test_it_goes_from_queued_to_complete(chat: Chat) -> None:
    turn = queue(chat)
    assert (of_turn(turn), chat.status) == ("queued", "running")
    assert claim(chat) == turn
    assert (of_turn(turn), chat.status) == ("running", "running")
    assert shown(status.wait_for_person(turn.pk, chat.pk), chat) == of_turn(turn) == "waiting"
    assert shown(status.resume_turn(turn.pk, chat.pk), chat) == of_turn(turn) == "running"
    assert shown(status.end_turns(chat.pk, [turn.pk], Turn.Status.COMPLETE), chat) == "idle"
    assert of_turn(turn) == "complete"
    assert turn.finished_at is not None


def test_it_keeps_waiting_while_more_is_queued(chat: Chat) -> None:
    queue(chat)
    status.wait_for_person(claim(chat).pk, chat.pk)
    queue(chat)
    assert chat.status == "waiting"


@pytest.mark.parametrize("end", [Turn.Status.COMPLETE, Turn.Status.FAILED, Turn.Status.CANCELLED])
def test_a_chat_with_another_turn_stays_at_work_whatever_the_end(chat: Chat, end: Turn.Status) -> None:
    queue(chat)
    queue(chat)
    first = claim(chat)
    assert shown(status.end_turns(chat.pk, [first.pk], end, "Why."), chat) == "running"
    last = claim(chat)
    expected = "error" if end == Turn.Status.FAILED else "idle"
    assert shown(status.end_turns(chat.pk, [last.pk], end, "Why."), chat) == expected


def test_cancelling_what_is_queued_leaves_what_runs(chat: Chat) -> None:
    queue(chat)
    running = claim(chat)
    queued = queue(chat)
    assert shown(status.end_turns(chat.pk, [queued.pk], Turn.Status.CANCELLED), chat) == "running"
    assert (of_turn(running), of_turn(queued)) == ("running", "cancelled")


def test_a_turn_is_taken_over_only_where_nobody_works_on_it(chat: Chat) -> None:
    turn = queue(chat)
    assert status.take_over_turn(turn.pk, everything=True) is None  # it has not begun
    claim(chat)
    assert status.take_over_turn(turn.pk, everything=False) is None  # its lease runs
    taken = status.take_over_turn(turn.pk, everything=True)
    assert taken is not None
    assert (taken.fence, taken.takeovers, of_turn(turn)) == (2, 1, "running")
    Turn.release([turn.pk])
    taken = status.take_over_turn(turn.pk, everything=False)
    assert taken is not None
    assert (taken.fence, taken.takeovers) == (3, 1)  # given up in good order: no crash
