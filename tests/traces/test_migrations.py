"""A database of the version before keeps every model step when steps get ids of their own, and every tool call when
traces say what decided."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from uuid6 import uuid7

from boocode.db.plain_sql import execute, fetch, placeholders
from chats.models import Chat, Message, Turn
from traces.models import ModelStep, ToolTrace
from traces.otel.spans import span_id
from traces.record.trace_json import encode_trace

TABLE = ModelStep._meta.db_table

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


def insert_old_step(turn: Turn, number: int) -> UUID:
    """Write a step as the version before did, with its message's id as the key."""
    message = Message.objects.create(session=turn.chat.session, chat=turn.chat, turn=turn, role="assistant")
    now = timezone.now() if connection.features.has_native_uuid_field else str(timezone.now().replace(tzinfo=None))
    row = {
        "message_id": message.pk,
        "chat_id": turn.chat_id,
        "turn_id": turn.pk,
        "number": number,
        "model": "a:b",
        "status": "ok",
        "started_at": now,
        "finished_at": now,
        "first_token_at": None,
        "duration_ms": 12.5,
        "error": "",
        "finish_reason": "stop",
        "calls": 2,
        "era": 0,
        "position": number,
        "prompt_tokens": 1000,
        "completion_tokens": 50,
        "cache_tokens": None,
        "reasoning_tokens": 0,
        "cost_usd": "0.00000123",
    }
    execute(f"INSERT INTO {TABLE} ({', '.join(row)}) VALUES ({placeholders(len(row))})", *row.values())
    return message.pk


def test_a_step_of_before_keeps_its_numbers_and_its_span(chat: Chat) -> None:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
    call_command("migrate", "traces", "0003", verbosity=0)
    messages = [insert_old_step(turn, number) for number in (1, 2, 3)]
    call_command("migrate", verbosity=0)
    steps = list(ModelStep.objects.order_by("id"))
    assert [step.message_id for step in steps] == messages
    assert [span_id(step.pk) for step in steps] == list(map(span_id, messages))
    assert {step.purpose for step in steps} == {"answer"}
    first = steps[0]
    assert (first.number, first.model, first.status, first.duration_ms) == (1, "a:b", "ok", 12.5)
    assert (first.prompt_tokens, first.completion_tokens, first.cache_tokens) == (1000, 50, None)
    assert (first.reasoning_tokens, str(first.cost_usd), first.turn_id) == (0, "0.00000123", turn.pk)
    assert (first.calls, first.era, first.position, first.first_token_at) == (2, 0, 1, None)
    assert first.finished_at == first.started_at
    assert abs(timezone.now() - first.started_at).total_seconds() < 600
    turn.messages.all().delete()
    assert not ModelStep.objects.exists()


def test_the_way_back_keeps_what_the_version_before_can_hold(chat: Chat) -> None:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
    message = Message.objects.create(session=chat.session, chat=chat, turn=turn, role="assistant")
    now = timezone.now()
    ModelStep.objects.create(id=uuid7(), chat=chat, turn=turn, message=message, number=1, started_at=now)
    ModelStep.objects.create(chat=chat, purpose="title", started_at=now)
    call_command("migrate", "traces", "0003", verbosity=0)
    assert fetch(f"SELECT number FROM {TABLE}") == [(1,)]
    call_command("migrate", verbosity=0)
    assert ModelStep.objects.get().pk == message.pk


def test_a_call_of_before_does_not_say_what_decided(chat: Chat) -> None:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
    message = Message.objects.create(session=chat.session, chat=chat, turn=turn, role="assistant")
    call_command("migrate", "traces", "0004", verbosity=0)
    now = timezone.now()
    about = {"chat_id": chat.pk, "message_id": message.pk, "turn_id": turn.pk, "step": 1, "tool_call_id": "c1"}
    old: Any = MigrationExecutor(connection).loader.project_state([("traces", "0004_steps_with_their_own_id")])
    call = old.apps.get_model("traces", "ToolTrace").objects.create(
        **about, tool="run_command", status="ok", input={"command": ["ls"]}, output="a\n", started_at=now, duration_ms=3
    )
    call_command("migrate", verbosity=0)
    trace = ToolTrace.objects.get(pk=call.pk)
    assert (trace.tool, trace.input, trace.output, trace.duration_ms) == ("run_command", {"command": ["ls"]}, "a\n", 3)
    assert trace.decided_by == ""
    assert encode_trace(trace, full=True)["decided_by"] is None


def test_the_database_says_what_the_models_say() -> None:
    call_command("makemigrations", "traces", "snapshots", check=True, dry_run=True, verbosity=0)
