"""The agent snapshot: small, cheap, and readable in its older formats."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from chats.models import Chat, Message
from snapshots import store
from snapshots.models import AgentSnapshot
from tests.api.conftest import as_alice as as_alice
from tests.api.conftest import chat as chat
from tests.api.conftest import folder as folder
from tests.api.conftest import project as project
from tests.api.conftest import session as session
from tests.turns.conftest import Talk


def test_it_adds_up_what_the_steps_spent(chat: Chat) -> None:
    store.save(chat.id, {"step": 1}, {"prompt": 10, "completion": 2, "cost_usd": 0.5})
    store.save(chat.id, {"step": 2}, {"prompt": 20, "completion": None, "cost_usd": None})
    store.save(chat.id, {"step": 2})
    data = store.load(chat.id)
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
    AgentSnapshot.objects.create(chat=chat, format=1, data={"turn": "t", "message_id": "m"})
    data = store.load(chat.id)
    assert data is not None
    assert (data["turn"], data["position"], data["totals"]["steps"]) == ("t", "m", 0)


def test_it_says_what_it_cannot_read(chat: Chat, as_alice: APIClient) -> None:
    AgentSnapshot.objects.create(chat=chat, format=99, data={"alien": True})
    with pytest.raises(store.UnknownFormat, match="format 99"):
        store.load(chat.id)
    assert as_alice.get(f"/api/chats/{chat.id}/snapshot").status_code == 409
    # The chat opens all the same, and its next step writes a readable one.
    assert as_alice.get(f"/api/sessions/{chat.session_id}/messages").status_code == 200
    store.save(chat.id, {"step": 1})
    assert store.load(chat.id) is not None


def test_its_size_and_its_cost_do_not_grow_with_the_chat(chat: Chat) -> None:
    """How long it takes is for the bench."""

    def saved() -> int:
        with CaptureQueriesContext(connection) as queries:
            store.save(chat.id, {"step": 1}, {"prompt": 10})
        assert all(AgentSnapshot._meta.db_table in query["sql"] for query in queries)
        assert len(queries) == 2
        return len(json.dumps(store.load(chat.id)))

    store.save(chat.id, {"step": 1}, {"prompt": 10})
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
