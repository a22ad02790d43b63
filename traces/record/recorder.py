"""Records turns, model steps and tool calls: the only writer of traces. Sync, called inside the transaction that also
appends the trace's frame to the log."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from boocode.db import plain_sql
from traces.models import DailyUsage, ModelStep, ToolTrace, TurnSummary
from traces.otel import exporter
from traces.redactor import redactor

from . import outputs
from .context_position import place_step
from .step import Request, Step
from .step import read_step as read_step
from .sums import add_to_day, add_to_turn, last_line, running_since
from .trace_json import encode_cost, encode_tokens

# --- Turns -----------------------------------------------------------------------------------------------------------


def turn_queued(turn_id: UUID, chat_id: UUID, model: str, text: str, at: datetime) -> None:
    """Records the summary of a new turn, in which a person wrote `text`."""
    title = redactor().text(" ".join(text[:1000].split()))
    title = title if len(title) <= 120 else f"{title[:119]}…"
    TurnSummary.objects.create(turn_id=turn_id, chat_id=chat_id, model=model, title=title, queued_at=at)


def turn_taken(turn_id: UUID, queued_at: datetime, at: datetime) -> None:
    """Records that a process takes the turn up, for the first time or after another one."""
    queue_ms = max(0.0, (at - queued_at).total_seconds() * 1000)
    TurnSummary.objects.filter(pk=turn_id).update(queue_ms=round(queue_ms, 3), **running_since(at))


def turn_status(turn_id: UUID, status: str) -> None:
    """Records that the turn waits for a person, or goes on."""
    TurnSummary.objects.filter(pk=turn_id).update(status=status)


def read_turn_totals(turn_id: UUID) -> dict[str, Any]:
    """Reads what the turn used: tokens, cost_usd, unpriced_steps."""
    turn = TurnSummary.objects.filter(pk=turn_id).first() or TurnSummary()
    return {
        "tokens": encode_tokens(partial(getattr, turn)),
        "cost_usd": encode_cost(turn.cost_usd, turn.unpriced),
        "unpriced_steps": turn.unpriced,
    }


def turns_ended(turn_ids: list[UUID], status: str, error: str = "") -> None:
    """Records that the turns are over. Their spans are exported once the transaction is committed."""
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
        transaction.on_commit(partial(exporter.export_soon, turn_id))


# --- Model steps -----------------------------------------------------------------------------------------------------


def step_started(
    step_id: UUID,
    *,
    chat_id: UUID,
    turn_id: UUID | None,
    message_id: UUID | None,
    number: int,
    model: str,
    at: datetime,
    purpose: str = ModelStep.Purpose.ANSWER,
) -> None:
    """Records that the model is asked, at the moment `at`. `message_id` is the message that will show the answer; a
    request for another purpose has none, and has no turn where it is made outside of any."""
    place = {"chat_id": chat_id, "turn_id": turn_id, "message_id": message_id}
    asked = {"number": number, "model": model, "started_at": at, "purpose": purpose}
    plain_sql.insert(ModelStep(id=step_id, **place, **asked))
    add_to_turn(turn_id, steps=1)


def step_finished(
    step: Request, first_token_at: datetime | None = None, calls: int = 0, finish_reason: str = ""
) -> None:
    """Records the model's whole answer, with the number of tool `calls` that it asks for."""
    facts = {
        "status": ModelStep.Status.OK,
        "first_token_at": first_token_at,
        "finished_at": step.finished_at,
        "duration_ms": step.duration_ms,
        "calls": calls,
        "finish_reason": finish_reason[:40],
        **step.counted(),
        **(place_step(step) if isinstance(step, Step) else {}),
    }
    plain_sql.update(ModelStep, step.id, facts)
    duration_ms = step.duration_ms or 0.0
    add_to_turn(step.turn_id, model_ms=duration_ms, **step.sums())
    at = step.finished_at or timezone.now()
    add_to_day(step.chat_id, at, DailyUsage.Kind.MODEL, step.model, duration_ms, failed=False, **step.sums())


def step_cut(step_id: UUID, status: str, error: str = "", first_token_at: datetime | None = None) -> None:
    """Records that the answer broke off, so that its cost is unknown. `status` is `failed`, `cancelled` or
    `interrupted`. Does nothing to a step that has ended."""
    row = ModelStep.objects.filter(pk=step_id, status=ModelStep.Status.RUNNING).first()
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


# --- Tool calls ------------------------------------------------------------------------------------------------------


def keep_output(captured: bytes, shown: str) -> str:
    """Stores the `captured` output in a file where a row with the text `shown` does not hold all of it. Returns the
    file's digest, empty where there is none. Call it before the transaction, for 10 MB take a while."""
    captured = redactor().data(captured)
    return "" if not captured or captured in shown.encode(errors="replace") else outputs.store(captured)


def start(step: Step, tool_call_id: str, tool: str, input: Any, decided_by: str = "") -> ToolTrace:
    """Records that a call of this step begins, by the rule or reason `decided_by`. Must be committed before anything
    runs."""
    now = timezone.now()
    queue_ms = 0.0 if step.finished_at is None else max(0.0, (now - step.finished_at).total_seconds() * 1000)
    return plain_sql.insert(
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
            decided_by=redactor().text(decided_by),
            **step.counted(),
        )
    )


def finish(
    trace: ToolTrace, status: str, duration_ms: float | None = None, at: datetime | None = None, **outcome: Any
) -> ToolTrace:
    """Records how the call ended, at the moment `at` (now where none is given). `outcome` holds columns of the row:
    output, output_bytes, output_digest, truncated, error, exit_code, decided_by, wait_ms (cut to the duration). Without
    `duration_ms`, because the process that measured died, it is the time between the two writes."""
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
    plain_sql.update(ToolTrace, trace.pk, {name: getattr(trace, name) for name in written})
    failed = status in ToolTrace.FAILURES
    work_ms = max(0.0, trace.duration_ms - trace.wait_ms)
    sums = {"wait_ms": trace.wait_ms}
    error = (trace.error or status) if failed else ""
    add_to_turn(trace.turn_id, error=error, calls=1, failures=int(failed), tool_ms=work_ms, **sums)
    add_to_day(trace.chat_id, trace.finished_at, DailyUsage.Kind.TOOL, trace.tool, work_ms, failed=failed, **sums)
    return trace


def unfinished(turn_id: UUID) -> list[ToolTrace]:
    """Reads the turn's calls that have not ended."""
    return list(ToolTrace.objects.filter(turn_id=turn_id, status=ToolTrace.Status.RUNNING))
