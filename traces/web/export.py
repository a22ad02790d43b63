"""Exports a chat's traces for other tools. They are written as they are read, some turns or calls at a time."""

import csv
import json
from collections.abc import AsyncIterator, Callable
from io import StringIO
from typing import Any
from uuid import UUID

from boocode.db.json_rows import to_json
from boocode.db.threads import in_database
from traces.models import ToolTrace, TurnSummary
from traces.otel.exporter import read_turns
from traces.otel.spans import SCOPE, encode_span, make_spans
from traces.record.trace_json import encode_cost, read_context_costs

TURNS_A_READ = 50
CALLS_A_READ = 500
COLUMNS = (
    "id turn step tool status started_at finished_at model_ms queue_ms wait_ms duration_ms exit_code output_bytes "
    "context_tokens carried_steps model prompt_tokens completion_tokens cache_tokens reasoning_tokens cost_usd "
    "error input"
).split()


async def otlp(chat_id: UUID) -> AsyncIterator[str]:
    """Yields one ExportTraceServiceRequest in OTLP's JSON encoding. Content is left out, as it is in live spans by
    default."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": SCOPE}}]}
    start = {"resource": resource, "scopeSpans": [{"scope": {"name": SCOPE}, "spans": []}]}
    opening, closing = json.dumps({"resourceSpans": [start]}).split("[]")
    yield f"{opening}["
    after, comma = None, ""
    while found := await in_database(_spans_after, chat_id, after):
        after, lines = found
        if lines:
            yield comma + ",\n".join(lines)
            comma = ",\n"
    yield f"]{closing}\n"


def _spans_after(chat_id: UUID, after: UUID | None) -> tuple[UUID, list[str]] | None:
    turns = TurnSummary.objects.filter(chat_id=chat_id).order_by("turn_id")
    summaries = list((turns.filter(turn_id__gt=after) if after else turns)[:TURNS_A_READ])
    if not summaries:
        return None
    spans = [span for turn in read_turns(summaries, with_content=False) for span in make_spans(turn)]
    return summaries[-1].turn_id, [json.dumps(encode_span(span), separators=(",", ":")) for span in spans]


async def table(chat_id: UUID) -> AsyncIterator[str]:
    """Yields a line for each tool call, after a head (RFC 4180)."""
    yield _csv([COLUMNS])
    after: UUID | None = None
    while found := await in_database(_lines_after, chat_id, after):
        after, lines = found
        yield _csv(lines)


def _lines_after(chat_id: UUID, after: UUID | None) -> tuple[UUID, list[list[Any]]] | None:
    calls = ToolTrace.objects.filter(chat_id=chat_id).order_by("id").defer("output")
    rows = list((calls.filter(id__gt=after) if after else calls)[:CALLS_A_READ])
    if not rows:
        return None
    costs = read_context_costs(rows)
    return rows[-1].id, [_line(row, costs[row.id]) for row in rows]


def _line(trace: ToolTrace, cost: dict[str, Any]) -> list[Any]:
    special = {
        "turn": trace.turn_id,
        "started_at": to_json(trace.started_at),
        "finished_at": to_json(trace.finished_at),
        "cost_usd": encode_cost(trace.cost_usd),
        "input": json.dumps(trace.input, ensure_ascii=False),
        **cost,
    }
    return [_cell(special[name] if name in special else getattr(trace, name)) for name in COLUMNS]


def _cell(value: Any) -> Any:
    """Puts an apostrophe before text that a spreadsheet would take for a formula (CWE-1236)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _csv(lines: list[Any]) -> str:
    text = StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


FORMATS: dict[str, tuple[str, Callable[[UUID], AsyncIterator[str]]]] = {
    "otlp": ("application/json", otlp),
    "csv": ("text/csv; charset=utf-8", table),
}
