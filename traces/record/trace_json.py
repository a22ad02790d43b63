"""Encodes traces, model steps and turn summaries as PROTOCOL.md section 3 gives them: plain JSON values. Times are ISO
8601 in UTC, durations are ms, costs are dollars."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Max

from boocode.db.json_rows import read_json_rows, to_json
from chats.models import Approval
from traces.models import ModelStep, ToolTrace, TurnSummary
from traces.models.fields import TOKENS

PREVIEW_CHARS = 2 * 1024
MAX_SHORTENED_VALUES = 64
COLUMNS = (
    "id chat_id message_id turn_id step tool_call_id tool status output_bytes truncated error exit_code started_at "
    "finished_at duration_ms wait_ms queue_ms model_ms prompt_tokens completion_tokens cache_tokens reasoning_tokens "
    "cost_usd model decided_by"
).split()


# --- Tool calls ------------------------------------------------------------------------------------------------------


def encode_trace(trace: ToolTrace, *, full: bool) -> dict[str, Any]:
    """Returns a trace with its input and output; unless `full`, they are cut to 2 KiB."""
    input, output = trace.input, trace.output
    if not full:
        output = output[:PREVIEW_CHARS]
        if len(json.dumps(input)) > PREVIEW_CHARS:
            input = shorten_input(input, PREVIEW_CHARS)
    encoded = _encode_columns({name: to_json(getattr(trace, name)) for name in COLUMNS})
    return encoded | {"input": input, "output": output}


def read_session_traces(session_id: UUID, with_input: str = "") -> list[dict[str, Any]]:
    """Reads the traces of a session, oldest first, without input and output: what a page needs beside the messages.
    Those of the tool `with_input`, whose calls no message holds, have their input."""
    traces = ToolTrace.objects.filter(chat__session_id=session_id)
    inputs = {str(pk): input for pk, input in traces.filter(tool=with_input).values_list("pk", "input")}
    encoded = [_encode_columns(row) for row in read_json_rows(traces.order_by("id"), *COLUMNS)]
    return [one | {"input": inputs[one["id"]]} if one["id"] in inputs else one for one in encoded]


def read_context_costs(traces: Iterable[ToolTrace]) -> dict[UUID, dict[str, Any]]:
    """Reads what traces of one chat cost in context. Returns by trace `context_tokens`, what its result added to the
    prompt, and `carried_steps`, how many later requests carried it; None where unknown."""
    traces = list(traces)
    steps = ModelStep.objects.in_bulk([trace.message_id for trace in traces], field_name="message_id")
    ends = _read_last_positions(traces[0].chat_id, {step.era for step in steps.values()}) if traces else {}
    costs = {}
    for trace in traces:
        step = steps.get(trace.message_id)
        known = step is not None and step.position is not None
        carried = ends[step.era] - step.position if step and known else None  # type: ignore[operator]
        costs[trace.id] = {"context_tokens": trace.context_tokens, "carried_steps": carried}
    return costs


def read_waiting(traces: Iterable[ToolTrace]) -> set[UUID]:
    """Reads which of the traces wait for a person."""
    running = [trace.pk for trace in traces if trace.status == ToolTrace.Status.RUNNING]
    waiting = Approval.objects.filter(trace__in=running, decision="").values_list("trace_id", flat=True)
    return set(waiting) if running else set()


def _read_last_positions(chat_id: UUID, eras: set[int | None]) -> dict[int | None, int]:
    rows = ModelStep.objects.filter(chat_id=chat_id, era__in=eras - {None}).order_by()
    return dict(rows.values_list("era").annotate(Max("position")))


def shorten_input(input: Any, limit: int) -> Any:
    """Shortens the input's long values to about `limit` characters in all, so that it shows what was asked and stays
    small."""
    if not isinstance(input, dict) or len(input) > MAX_SHORTENED_VALUES:
        return f"{input if isinstance(input, str) else json.dumps(input)}"[:limit] + "…"
    share = limit // max(1, len(input))
    return {
        key[:share]: value if len(json.dumps(value)) <= share else f"{str(value)[:share]}…"
        for key, value in input.items()
    }


def _encode_columns(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "chat_id": row["chat_id"],
        "message_id": row["message_id"],
        "turn": row["turn_id"],
        "step": row["step"],
        "tool_call_id": row["tool_call_id"],
        "tool": row["tool"],
        "status": row["status"],
        "output_bytes": row["output_bytes"],
        "truncated": row["truncated"],
        "error": row["error"] or None,
        "exit_code": row["exit_code"],
        "started_at": row["started_at"],
        "finished_at": row["finished_at"],
        "duration_ms": row["duration_ms"],
        "wait_ms": row["wait_ms"],
        "queue_ms": row["queue_ms"],
        "model_ms": row["model_ms"],
        "tokens": encode_tokens(row.__getitem__),
        "cost_usd": encode_cost(row["cost_usd"]),
        "model": row["model"],
        "decided_by": row["decided_by"] or None,
    }


# --- Model steps and turns -------------------------------------------------------------------------------------------


def encode_step(step: ModelStep) -> dict[str, Any]:
    """Returns a model step; `message_id` and `turn` are None where the request has none."""
    first_token_ms = step.first_token_ms
    return {
        "id": str(step.pk),
        "purpose": step.purpose,
        "message_id": to_json(step.message_id),
        "chat_id": str(step.chat_id),
        "turn": to_json(step.turn_id),
        "number": step.number,
        "model": step.model,
        "status": step.status,
        "started_at": to_json(step.started_at),
        "finished_at": to_json(step.finished_at),
        "duration_ms": step.duration_ms,
        "first_token_ms": None if first_token_ms is None else round(first_token_ms, 3),
        "tokens": encode_tokens(partial(getattr, step)),
        "cost_usd": encode_cost(step.cost_usd),
        "calls": step.calls,
        "error": step.error or None,
        "finish_reason": step.finish_reason or None,
    }


def encode_turn(turn: TurnSummary) -> dict[str, Any]:
    """Returns a turn's summary. Its `cost_usd` leaves out the `unpriced_steps`."""
    return {
        "id": str(turn.turn_id),
        "chat_id": str(turn.chat_id),
        "title": turn.title,
        "model": turn.model,
        "status": turn.status,
        "queued_at": to_json(turn.queued_at),
        "started_at": to_json(turn.started_at),
        "finished_at": to_json(turn.finished_at),
        "duration_ms": turn.duration_ms,
        "queue_ms": turn.queue_ms,
        # Sums of floats, which end in 0.000000000001.
        "wait_ms": round(turn.wait_ms, 3),
        "model_ms": round(turn.model_ms, 3),
        "tool_ms": round(turn.tool_ms, 3),
        "steps": turn.steps,
        "calls": turn.calls,
        "failures": turn.failures,
        "tokens": encode_tokens(partial(getattr, turn)),
        "cost_usd": encode_cost(turn.cost_usd, turn.unpriced),
        "unpriced_steps": turn.unpriced,
        "last_error": turn.last_error or None,
    }


# --- Amounts ---------------------------------------------------------------------------------------------------------


def encode_tokens(read: Callable[[str], int | None]) -> dict[str, int | None]:
    """Returns the four counts of tokens, of which `read` gives each by the name of its column."""
    return {name.removesuffix("_tokens"): read(name) for name in TOKENS}


def encode_cost(cost_usd: Any, unpriced: int = 0) -> float | None:
    """Returns a cost in dollars, None where it is unknown: of a sum, where none of its steps has a known price."""
    return None if cost_usd is None or (unpriced and not cost_usd) else float(cost_usd)
