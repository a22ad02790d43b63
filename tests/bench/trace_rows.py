"""Rows for the bench of traces, in Django: `manage.py shell -c "from tests.bench.trace_rows import fill; …"`."""

import time
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from uuid6 import uuid7

from chats.models import Chat, Message, Turn
from tests.bench.traces import CALLS_A_TURN, TOOLS
from traces.models import ToolTrace, TurnSummary
from traces.record import recorder


def call_id(number: int) -> UUID:
    """The ids follow one another, as UUIDv7 do."""
    return UUID(f"01990000{number:024x}")


def fill(chat_id: str, first: int, until: int) -> None:
    """Calls number `first` to `until`, in turns of a hundred: one in 50 fails, one in 1,000 is a `move_file`."""
    chat = Chat.objects.select_related("session__project").get(pk=chat_id)
    turns = range(first // CALLS_A_TURN, until // CALLS_A_TURN)
    _make_turns(chat, turns)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_statement(), {"chat": _key(chat.pk), "first": first, "last": until - 1})
    if connection.vendor == "postgresql":  # by itself it would do so a minute later; SQLite never does
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE traces_tooltrace, traces_turnsummary")


def _make_turns(chat: Chat, numbers: range) -> None:
    now, user = timezone.now(), chat.session.project.owner_id
    turns = [Turn(id=_turn_id(n), chat=chat, user_id=user, status="complete") for n in numbers]
    messages = [
        Message(id=turn.id, session_id=chat.session_id, chat=chat, turn=turn, role="assistant") for turn in turns
    ]
    summaries = [
        TurnSummary(
            turn=turn,
            chat=chat,
            title=f"Mend the failing test number {number} of the parser, and say what was wrong with it",
            model="anthropic:claude-sonnet",
            status="failed" if number % 50 == 0 else "complete",
            queued_at=now,
            started_at=now,
            finished_at=now + timedelta(seconds=number % 600),
            duration_ms=number % 600 * 1000.0,
            steps=CALLS_A_TURN,
            calls=CALLS_A_TURN,
            failures=2,
            last_error="Exit status 1." if number % 50 == 0 else "",
        )
        for number, turn in zip(numbers, turns, strict=True)
    ]
    with transaction.atomic():
        Turn.objects.bulk_create(turns, batch_size=500)
        Message.objects.bulk_create(messages, batch_size=500)
        TurnSummary.objects.bulk_create(summaries, batch_size=500)


def _turn_id(number: int) -> UUID:
    return call_id(number * CALLS_A_TURN)


def _key(id: UUID) -> str:
    return id.hex if connection.vendor == "sqlite" else str(id)


def _statement() -> str:
    """One INSERT of all rows: through the ORM a million would take minutes."""
    sqlite = connection.vendor == "sqlite"
    numbers = (
        "WITH RECURSIVE numbers(n) AS (SELECT %(first)s UNION ALL SELECT n + 1 FROM numbers WHERE n < %(last)s)"
        if sqlite
        else "WITH numbers AS (SELECT n FROM generate_series(%(first)s, %(last)s) AS n)"
    )

    def id_of(number: str) -> str:
        if sqlite:
            return f"printf('01990000%%024x', {number})"
        return f"('01990000' || lpad(to_hex({number}), 24, '0'))::uuid"

    turn = id_of(f"n / {CALLS_A_TURN} * {CALLS_A_TURN}")
    tools = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(TOOLS))
    now = "'2026-01-01 00:00:00'"
    pieces = {
        "id": id_of("n"),
        "chat_id": "%(chat)s",
        "turn_id": turn,
        "message_id": turn,
        "step": "1",
        "tool_call_id": "'call'",
        "tool": f"CASE WHEN n %% 1000 = 0 THEN 'move_file' ELSE CASE n %% {len(TOOLS)} {tools} END END",
        "status": "CASE WHEN n %% 50 = 0 THEN 'error' ELSE 'ok' END",
        "input": """'{"path": "src/parser/rules.py", "from_line": 100, "lines": 200}'""",
        "output": f"'{'one line of output ' * 10}'",
        "output_bytes": "190",
        "output_digest": "''",
        "truncated": "false",
        "error": "CASE WHEN n %% 50 = 0 THEN 'Exit status 1.' ELSE '' END",
        "started_at": now,
        "finished_at": now,
        "duration_ms": "n %% 10007 * 7919 %% 10007",
        "wait_ms": "0",
        "queue_ms": "1",
        "model": "'anthropic:claude-sonnet'",
    }
    chat = "" if sqlite else "::uuid"
    pieces["chat_id"] += chat
    if not sqlite:
        pieces |= {
            "input": f"{pieces['input']}::jsonb",
            "started_at": f"{now}::timestamptz",
            "finished_at": f"{now}::timestamptz",
        }
    values = ", ".join(pieces.values())
    select = f"SELECT {values} FROM numbers"
    insert = f"INSERT INTO {ToolTrace._meta.db_table} ({', '.join(pieces)})"
    # SQLite takes WITH behind INSERT INTO as PostgreSQL does.
    return f"{insert} {numbers} {select}"


def recording(chat_id: str, calls: int) -> None:
    """Print the ms that recording a call takes (its start and its end), with a model step for each, in one transaction
    each as the writer makes them: by the clock, then of processor time."""
    chat = Chat.objects.select_related("session__project").get(pk=chat_id)
    turn = Turn.objects.create(chat=chat, user_id=chat.session.project.owner_id, status="complete")
    now = timezone.now()
    recorder.turn_queued(turn.pk, chat.pk, "a:b", "Measure", now)
    messages = [
        Message(id=uuid7(), session_id=chat.session_id, chat=chat, turn=turn, role="assistant") for _ in range(calls)
    ]
    Message.objects.bulk_create(messages)
    taken: list[tuple[float, ...]] = []
    for number, message in enumerate(messages):
        place: dict[str, Any] = {"chat_id": chat.pk, "turn_id": turn.pk, "message_id": message.pk}
        place |= {"number": number, "model": "a:b"}
        began = _clocks()
        with transaction.atomic():
            recorder.step_started(message.pk, **place, at=now)
        tokens: dict[str, Any] = {"prompt_tokens": 1000 * number, "completion_tokens": 10}
        step = recorder.Step(id=message.pk, **place, **tokens, duration_ms=5.0, finished_at=now)
        with transaction.atomic():
            recorder.step_finished(step, calls=1)
        before = _clocks()
        with transaction.atomic():
            trace = recorder.start(step, "call", "read_file", {"path": "a.py"})
        with transaction.atomic():
            recorder.finish(trace, "ok", 3.0, output="line\n" * 100, output_bytes=500, output_digest="", error="")
        ended = _clocks()
        taken.append(tuple(ended[clock] - start[clock] for clock in (0, 1) for start in (before, began)))
    print(*(median(times) * 1000 for times in zip(*taken, strict=True)))


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()
