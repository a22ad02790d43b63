"""Traces, steps and turns as PROTOCOL.md section 3 gives them: plain JSON values."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from boocode.plain import plain, plain_rows

from .models import ModelStep, ToolTrace, TurnSummary

PREVIEW_CHARS = 2 * 1024
FACTS = (
    "id chat_id message_id turn_id step tool_call_id tool status output_bytes truncated error exit_code started_at "
    "finished_at duration_ms wait_ms queue_ms model_ms prompt_tokens completion_tokens cache_tokens reasoning_tokens "
    "cost_usd model"
).split()


def brief(session_id: UUID, of_no_message: str = "") -> list[dict[str, Any]]:
    """The traces of a session, oldest first, without input and output: what a page needs beside the messages. Those of
    the tool `of_no_message`, whose calls no message holds, have their input."""
    traces = ToolTrace.objects.filter(chat__session_id=session_id)
    inputs = {str(pk): input for pk, input in traces.filter(tool=of_no_message).values_list("pk", "input")}
    facts = [_facts(row) for row in plain_rows(traces.order_by("id"), *FACTS)]
    return [one | {"input": inputs[one["id"]]} if one["id"] in inputs else one for one in facts]


def as_wire(trace: ToolTrace, *, full: bool) -> dict[str, Any]:
    """A trace with its bodies; unless `full`, they are cut to 2 KiB."""
    input, output = trace.input, trace.output
    if not full:
        output = output[:PREVIEW_CHARS]
        if len(json.dumps(input)) > PREVIEW_CHARS:
            input = _cut(input)
    facts = _facts({name: plain(getattr(trace, name)) for name in FACTS})
    return facts | {"input": input, "output": output}


def _cut(input: Any) -> Any:
    """The input with its long strings shortened, so that a list shows what was asked and stays small."""
    if not isinstance(input, dict):
        return str(input)[:PREVIEW_CHARS]
    share = PREVIEW_CHARS // max(1, len(input))
    return {key: value if len(json.dumps(value)) <= share else f"{str(value)[:share]}…" for key, value in input.items()}


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
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
        "tokens": {
            "prompt": row["prompt_tokens"],
            "completion": row["completion_tokens"],
            "cache": row["cache_tokens"],
            "reasoning": row["reasoning_tokens"],
        },
        "cost_usd": money(row["cost_usd"]),
        "model": row["model"],
    }


def context_cost(traces: Iterable[ToolTrace]) -> dict[UUID, dict[str, Any]]:
    """By trace: `context_tokens`, what its result added to the prompt, and `carried_steps`, how many later requests
    carried it; null where unknown. `traces` are of one chat."""
    traces = list(traces)
    steps = ModelStep.objects.in_bulk([trace.message_id for trace in traces])
    ends = _ends(traces[0].chat_id, {step.era for step in steps.values()}) if traces else {}
    cost = {}
    for trace in traces:
        step = steps.get(trace.message_id)
        known = step is not None and step.position is not None
        carried = ends[step.era] - step.position if step and known else None  # type: ignore[operator]
        cost[trace.id] = {"context_tokens": trace.context_tokens, "carried_steps": carried}
    return cost


def _ends(chat_id: UUID, eras: set[int | None]) -> dict[int | None, int]:
    rows = ModelStep.objects.filter(chat_id=chat_id, era__in=eras - {None}).order_by()
    return dict(rows.values_list("era").annotate(Max("position")))


def step_facts(step: ModelStep) -> dict[str, Any]:
    """A model step; `first_token_ms` is the time to the first text, reasoning or call."""
    first = None if step.first_token_at is None else (step.first_token_at - step.started_at).total_seconds() * 1000
    return {
        "message_id": str(step.message_id),
        "chat_id": str(step.chat_id),
        "turn": str(step.turn_id),
        "number": step.number,
        "model": step.model,
        "status": step.status,
        "started_at": time_text(step.started_at),
        "finished_at": time_text(step.finished_at),
        "duration_ms": step.duration_ms,
        "first_token_ms": None if first is None else round(first, 3),
        "tokens": _tokens(step),
        "cost_usd": money(step.cost_usd),
        "calls": step.calls,
        "error": step.error or None,
        "finish_reason": step.finish_reason or None,
    }


def summary_facts(turn: TurnSummary) -> dict[str, Any]:
    """A turn in few words. `cost_usd` is null where the price of none of its steps is known; `unpriced_steps` are not
    in it."""
    return {
        "id": str(turn.turn_id),
        "chat_id": str(turn.chat_id),
        "title": turn.title,
        "model": turn.model,
        "status": turn.status,
        "queued_at": time_text(turn.queued_at),
        "started_at": time_text(turn.started_at),
        "finished_at": time_text(turn.finished_at),
        "duration_ms": turn.duration_ms,
        "queue_ms": turn.queue_ms,
        # Sums of floats, which end in 0.000000000001.
        "wait_ms": round(turn.wait_ms, 3),
        "model_ms": round(turn.model_ms, 3),
        "tool_ms": round(turn.tool_ms, 3),
        "steps": turn.steps,
        "calls": turn.calls,
        "failures": turn.failures,
        "tokens": _tokens(turn),
        "cost_usd": None if turn.unpriced and not turn.cost_usd else money(turn.cost_usd),
        "unpriced_steps": turn.unpriced,
        "last_error": turn.last_error or None,
    }


def _tokens(row: ModelStep | TurnSummary) -> dict[str, int | None]:
    return {
        "prompt": row.prompt_tokens,
        "completion": row.completion_tokens,
        "cache": row.cache_tokens,
        "reasoning": row.reasoning_tokens,
    }


def money(value: Any) -> float | None:
    return None if value is None else float(value)


def time_text(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
