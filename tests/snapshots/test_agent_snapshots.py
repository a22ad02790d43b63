"""The agent snapshot: small, cheap, and readable in its older formats."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from chats.models import Chat, Message, Turn
from snapshots import agent_snapshots
from snapshots.models import AgentSnapshot
from tests.api.conftest import as_alice as as_alice
from tests.api.conftest import chat as chat
from tests.api.conftest import folder as folder
from tests.api.conftest import project as project
from tests.api.conftest import session as session
from tests.turns.conftest import Talk
from traces.models import ModelStep, TurnSummary

MESSAGE = "01940000-0000-7000-8000-000000000000"


def add_turn(chat: Chat, **used: Any) -> Turn:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
    Message.objects.create(session=chat.session, chat=chat, turn=turn, role="user", content="Go")
    TurnSummary.objects.create(turn=turn, chat=chat, queued_at=timezone.now(), **used)
    return turn


def test_it_adds_up_what_the_steps_spent(chat: Chat) -> None:
    add_turn(chat, prompt_tokens=10, completion_tokens=2, cost_usd=0.5, steps=1)
    add_turn(chat, prompt_tokens=20, unpriced=1, steps=1)
    add_turn(chat, prompt_tokens=900, cost_usd=9, steps=9).messages.update(hidden_at=timezone.now())
    agent_snapshots.save(chat.id, {"step": 2})
    data = agent_snapshots.load(chat.id)
    assert data is not None
    assert data["totals"] == {
        "prompt": 30,
        "completion": 2,
        "cache": 0,
        "reasoning": 0,
        "cost_usd": 0.5,
        "unpriced_steps": 1,
        "steps": 2,
    }


def test_it_reads_the_format_before(chat: Chat) -> None:
    AgentSnapshot.objects.create(chat=chat, format=1, data={"turn": "t", "message_id": MESSAGE})
    data = agent_snapshots.load(chat.id)
    assert data is not None
    assert (data["turn"], data["position"], data["totals"]["steps"]) == ("t", MESSAGE, 0)


def test_it_shows_the_sums_of_an_older_row_as_they_stand_there(chat: Chat) -> None:
    before = {"step": 7, "totals": {"prompt": 5, "steps": 7}, "prompt_tokens": 3, "completion_tokens": 2}
    AgentSnapshot.objects.create(chat=chat, format=2, data=before)
    assert agent_snapshots.load(chat.id) == before


def test_it_tells_what_the_last_step_used(chat: Chat) -> None:
    turn = add_turn(chat, steps=1)
    said = Message.objects.create(session=chat.session, chat=chat, turn=turn, role="assistant")
    used: dict[str, Any] = {"prompt_tokens": 12, "completion_tokens": 3}
    ModelStep.objects.create(chat=chat, turn=turn, message=said, started_at=timezone.now(), **used)
    agent_snapshots.save(chat.id, {"message_id": str(said.pk)})
    data = agent_snapshots.load(chat.id)
    assert data is not None
    assert (data["prompt_tokens"], data["completion_tokens"]) == (12, 3)


def test_it_says_what_it_cannot_read(chat: Chat, as_alice: APIClient) -> None:
    AgentSnapshot.objects.create(chat=chat, format=99, data={"alien": True})
    with pytest.raises(agent_snapshots.UnknownFormat, match="format 99"):
        agent_snapshots.load(chat.id)
    assert as_alice.get(f"/api/chats/{chat.id}/snapshot").status_code == 409
    # The chat opens all the same, and its next step writes a readable one.
    assert as_alice.get(f"/api/sessions/{chat.session_id}/messages").status_code == 200
    agent_snapshots.save(chat.id, {"step": 1})
    assert agent_snapshots.load(chat.id) is not None


def test_its_size_and_its_cost_do_not_grow_with_the_chat(chat: Chat) -> None:
    """How long it takes is for the bench."""

    def saved() -> int:
        with CaptureQueriesContext(connection) as queries:
            agent_snapshots.save(chat.id, {"step": 1})
        assert all(AgentSnapshot._meta.db_table in query["sql"] for query in queries)
        assert len(queries) == 2
        return len(json.dumps(agent_snapshots.load(chat.id)))

    agent_snapshots.save(chat.id, {"step": 1})
    size = saved()
    Message.objects.bulk_create(
        Message(session=chat.session, chat=chat, role="user", content="word") for _ in range(99)
    )
    assert saved() == size


def test_it_is_saved_at_questions_and_steps(talk: Callable[..., Talk]) -> None:
    script: list[Any] = [
        {"tool": "run_command", "args": {"command": ["sh", "-c", "echo 1"]}},
        {"tool": "run_command", "args": {"command": ["sh", "-c", "echo 2"]}},
        {"text": "Done."},
    ]
    chat = talk(script, approval="ask")
    chat.say("Run")
    chat.wait_until(lambda: chat.status() == "waiting")
    snapshot = chat.snapshot()
    assert (snapshot["status"], len(snapshot["pending"])) == ("waiting", 2)
    assert snapshot["approvals"] == [chat.traces()[0]["id"]]
    chat.cancel()
    chat.wait()
    assert chat.snapshot()["approvals"] == []
    assert chat.snapshot()["totals"]["steps"] == 1
