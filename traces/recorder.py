"""The only writer of traces. Sync, called inside the transaction that also appends the trace's frame to the log."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Length
from django.utils import timezone

from boocode import rows

from . import context, otel, outputs
from .facts import PREVIEW_CHARS as PREVIEW_CHARS
from .facts import as_wire as as_wire
from .facts import brief as brief
from .masking import redactor
from .models import DailyUsage, ModelStep, ToolTrace, TurnSummary
from .summing import Tokens, add_to_day, add_to_turn, last_line, running_since

FAILURES = frozenset({"error", "timeout", "interrupted"})
"""How calls fail; what a person denied or stopped is no failure."""


@dataclass(frozen=True, kw_only=True)
class Step(Tokens):
    """The model step that made a call, with what it cost. `finished_at` is when the model had said it all,
    `duration_ms` how long that took."""

    chat_id: UUID
    message_id: UUID
    turn_id: UUID
    number: int
    model: str
    duration_ms: float | None = None
    finished_at: datetime | None = None


def keep_output(captured: bytes, shown: str) -> str:
    """Store what a row with `shown` does not hold; returns its digest, empty where the row holds it all. No database:
    it belongs before the transaction, for 10 MB take a while."""
    captured = redactor().data(captured)
    return "" if not captured or captured in shown.encode(errors="replace") else outputs.keep(captured)


# --- Turns -----------------------------------------------------------------------------------------------------------


def turn_queued(turn_id: UUID, chat_id: UUID, model: str, text: str, at: datetime) -> None:
    """A person wrote `text`."""
    title = redactor().text(" ".join(text[:1000].split()))
    title = title if len(title) <= 120 else f"{title[:119]}…"
    TurnSummary.objects.create(turn_id=turn_id, chat_id=chat_id, model=model, title=title, queued_at=at)


def turn_taken(turn_id: UUID, queued_at: datetime, at: datetime) -> None:
    """A process takes the turn up, for the first time or after another."""
    queue_ms = max(0.0, (at - queued_at).total_seconds() * 1000)
    TurnSummary.objects.filter(pk=turn_id).update(queue_ms=round(queue_ms, 3), **running_since(at))


def turn_status(turn_id: UUID, status: str) -> None:
    """The turn waits for a person, or goes on."""
    TurnSummary.objects.filter(pk=turn_id).update(status=status)


def turns_ended(turn_ids: list[UUID], status: str, error: str = "") -> None:
    """The turns are over. Their spans are exported when the transaction is."""
    now = timezone.now()
    for turn in TurnSummary.objects.filter(pk__in=turn_ids, finished_at=None):
        turn.status, turn.finished_at = status, now
        turn.duration_ms = round((now - (turn.started_at or now)).total_seconds() * 1000, 3)
        turn.last_error = last_line(redactor().text(error)) or turn.last_error
        turn.save(update_fields=["status", "finished_at", "duration_ms", "last_error"])
        failed = status == TurnSummary.Status.FAILED
        wait_ms = {"wait_ms": turn.wait_ms}
        work_ms = max(0.0, turn.duration_ms - turn.wait_ms)
        add_to_day(turn.chat_id, now, DailyUsage.Kind.TURN, status, work_ms, failed=failed, **wait_ms)
    for turn_id in turn_ids:
        transaction.on_commit(partial(otel.export_soon, turn_id))


# --- Model steps -----------------------------------------------------------------------------------------------------


def step_started(chat_id: UUID, turn_id: UUID, message_id: UUID, number: int, model: str, at: datetime) -> None:
    """The model is asked; `message_id` is the message that will hold its answer."""
    step = {"chat_id": chat_id, "turn_id": turn_id, "number": number, "model": model, "started_at": at}
    rows.insert(ModelStep(message_id=message_id, **step))
    add_to_turn(turn_id, steps=1)


def step_finished(step: Step, first_token_at: datetime | None = None, calls: int = 0, finish_reason: str = "") -> None:
    """The model has answered."""
    facts = {
        "status": ModelStep.Status.OK,
        "first_token_at": first_token_at,
        "finished_at": step.finished_at,
        "duration_ms": step.duration_ms,
        "calls": calls,
        "finish_reason": finish_reason[:40],
        **step.counted(),
        **_place(step),
    }
    rows.update(ModelStep, step.message_id, facts)
    duration_ms = step.duration_ms or 0.0
    add_to_turn(step.turn_id, model_ms=duration_ms, **step.sums())
    at = step.finished_at or timezone.now()
    add_to_day(step.chat_id, at, DailyUsage.Kind.MODEL, step.model, duration_ms, failed=False, **step.sums())


def step_cut(message_id: UUID, status: str, error: str = "", first_token_at: datetime | None = None) -> None:
    """The model's answer ended before its end: `failed`, `cancelled` or `interrupted`. What it cost is unknown."""
    row = ModelStep.objects.filter(pk=message_id, status=ModelStep.Status.RUNNING).first()
    if row is None:
        return
    row.status = ModelStep.Status.ERROR if status == "failed" else status
    row.error, row.finished_at = redactor().text(error), timezone.now()
    row.first_token_at = first_token_at
    row.duration_ms = round((row.finished_at - row.started_at).total_seconds() * 1000, 3)
    row.save(update_fields=["status", "error", "finished_at", "duration_ms", "first_token_at"])
    failed = row.status == ModelStep.Status.ERROR
    add_to_turn(row.turn_id, error=row.error if failed else "", model_ms=row.duration_ms, unpriced=1)
    at, duration_ms = row.finished_at, row.duration_ms
    add_to_day(row.chat_id, at, DailyUsage.Kind.MODEL, row.model, duration_ms, failed=failed, unpriced=1)


def _place(step: Step) -> dict[str, int]:
    """Where the step stands in the chat's context. With the prompt's size it becomes known, too, what the results
    before it added."""
    found = rows.fetch(_LAST_PLACED, step.chat_id)
    if not found:
        return {"era": 0, "position": 0}
    [(message_id, turn_id, calls, era, position, *counted)] = found
    before, now = context.Counted(*counted), context.Counted(step.model, step.prompt_tokens, step.completion_tokens)
    if context.was_cut(before, now):
        return {"era": era + 1, "position": 0}
    added = context.added_by_results(before, now)
    if turn_id == rows.plain_key(step.turn_id) and calls and added is not None:
        _share(message_id, calls, added)
    return {"era": era, "position": position + 1}


_LAST_PLACED = f"""
    SELECT message_id, turn_id, calls, era, position, model, prompt_tokens, completion_tokens, reasoning_tokens
    FROM {ModelStep._meta.db_table} WHERE chat_id = %s AND position IS NOT NULL
    ORDER BY era DESC, position DESC LIMIT 1
"""


def _share(message_id: UUID | str, count: int, added: int) -> None:
    if count == 1:
        rows.execute(
            f"UPDATE {ToolTrace._meta.db_table} SET context_tokens = %s WHERE message_id = %s", added, message_id
        )
        return
    calls = ToolTrace.objects.filter(message_id=message_id)
    lengths = list(calls.values_list("pk", Length("output")).order_by("pk"))
    for (pk, _), tokens in zip(lengths, context.shares(added, [length for _, length in lengths]), strict=True):
        ToolTrace.objects.filter(pk=pk).update(context_tokens=tokens)


# --- Tool calls ------------------------------------------------------------------------------------------------------


def start(step: Step, tool_call_id: str, tool: str, input: Any) -> ToolTrace:
    """Record that a call begins; to be committed before anything runs."""
    now = timezone.now()
    queue_ms = 0.0 if step.finished_at is None else max(0.0, (now - step.finished_at).total_seconds() * 1000)
    return rows.insert(
        ToolTrace(
            chat_id=step.chat_id,
            message_id=step.message_id,
            turn_id=step.turn_id,
            step=step.number,
            tool_call_id=tool_call_id,
            tool=redactor().text(tool)[:100],
            input=redactor().value(input),
            started_at=now,
            model=step.model,
            model_ms=step.duration_ms,
            queue_ms=round(queue_ms, 3),
            **step.counted(),
        )
    )


def finish(
    trace: ToolTrace, status: str, duration_ms: float | None = None, at: datetime | None = None, **outcome: Any
) -> ToolTrace:
    """Record how the call ended, and that it did so `at` a moment before this is written. `outcome`: output,
    output_bytes, output_digest, truncated, error, exit_code, wait_ms (cut to the duration). Without `duration_ms`
    (nobody measured it: the process died) it is the time between the two writes."""
    trace.status = status
    trace.finished_at = max(at or timezone.now(), trace.started_at)
    elapsed = (trace.finished_at - trace.started_at).total_seconds() * 1000
    for name, value in outcome.items():
        setattr(trace, name, redactor().text(value) if isinstance(value, str) else value)
    # A call that waited for a person while the server was started anew was measured in parts.
    measured = duration_ms is not None and duration_ms >= trace.wait_ms
    trace.duration_ms = round(duration_ms if duration_ms is not None and measured else elapsed, 3)
    trace.wait_ms = min(trace.wait_ms, trace.duration_ms)
    written = ("status", "finished_at", "duration_ms", *outcome)
    rows.update(ToolTrace, trace.pk, {name: getattr(trace, name) for name in written})
    failed = status in FAILURES
    work_ms = max(0.0, trace.duration_ms - trace.wait_ms)
    sums = {"wait_ms": trace.wait_ms}
    error = (trace.error or status) if failed else ""
    add_to_turn(trace.turn_id, error=error, calls=1, failures=int(failed), tool_ms=work_ms, **sums)
    add_to_day(trace.chat_id, trace.finished_at, DailyUsage.Kind.TOOL, trace.tool, work_ms, failed=failed, **sums)
    return trace


def unfinished(turn_id: UUID) -> list[ToolTrace]:
    return list(ToolTrace.objects.filter(turn_id=turn_id, status=ToolTrace.Status.RUNNING))
