"""Puts calls and steps into tables of columns and rows, without bodies, so that thousands fit on a page. Times are ms
since 1970, durations ms, costs dollars."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, QuerySet, When
from django.db.models.functions import Right

from boocode.db.json_rows import to_json
from traces.models import ModelStep, ToolTrace
from traces.record.sums import last_line
from traces.record.trace_json import encode_cost, read_context_costs

from .changed_lines import read_changes
from .idle_gaps import Interval, find_gaps

WORD_CHARS = 160
"""Of an argument: a path or a command is a line on the page."""
INPUT_WORDS = 6
TAIL_CHARS = 600
_REMARK = re.compile(r"\[.*\]")

CALL_COLUMNS = (
    *("id", "message_id", "turn", "tool_call_id", "tool", "status", "started", "duration_ms", "queue_ms", "wait_ms"),
    *("exit_code", "output_bytes", "context_tokens", "carried_steps", "input", "added", "removed", "last_line"),
)
STEP_COLUMNS = (
    *("message_id", "number", "status", "started", "duration_ms", "first_token_ms", "prompt", "completion", "cache"),
    *("reasoning", "cost_usd", "model", "calls", "finish_reason", "error", "id", "purpose"),
)
Table = dict[str, Any]


def defer_bodies(traces: QuerySet[ToolTrace]) -> QuerySet[ToolTrace]:
    """Leaves the output in the database, but its end where the call failed: the rows that `tabulate_calls` takes."""
    tail = Case(
        When(status__in=ToolTrace.FAILURES, then=Right("output", TAIL_CHARS)), default=None, output_field=CharField()
    )
    return traces.defer("output").annotate(tail=tail)


def tabulate_calls(traces: Sequence[ToolTrace]) -> Table:
    """Returns a table of calls of one chat, as `defer_bodies` reads them."""
    costs = read_context_costs(traces)
    return {"columns": CALL_COLUMNS, "rows": [_call_row(trace, costs[trace.id]) for trace in traces]}


def _call_row(trace: ToolTrace, cost: dict[str, Any]) -> list[Any]:
    added, removed, paths = read_changes(trace.tool, trace.input)
    return [
        str(trace.id),
        str(trace.message_id),
        str(trace.turn_id),
        trace.tool_call_id,
        trace.tool,
        trace.status,
        ms_since_1970(trace.started_at),
        trace.duration_ms,
        trace.queue_ms,
        trace.wait_ms,
        trace.exit_code,
        trace.output_bytes,
        cost["context_tokens"],
        cost["carried_steps"],
        shorten_input(trace.input, paths),
        added,
        removed,
        _last_line_said(trace) if trace.status in ToolTrace.FAILURES else None,
    ]


def _last_line_said(trace: ToolTrace) -> str | None:
    """Returns the last line of a failed call. A remark of the tool, in brackets, counts where there is nothing else."""
    said = [line for line in (trace.tail or "").splitlines() if line.strip()]  # type: ignore[attr-defined]
    spoken = [line for line in said if not _REMARK.fullmatch(line.strip())]
    return last_line("\n".join(spoken[-1:])) or last_line(trace.error) or last_line("\n".join(said[-1:])) or None


def tabulate_steps(steps: Iterable[ModelStep]) -> Table:
    """Returns a table of model steps. `message_id` is None for a request that no message shows."""
    return {"columns": STEP_COLUMNS, "rows": [_step_row(step) for step in steps]}


def _step_row(step: ModelStep) -> list[Any]:
    first_token_ms = step.first_token_ms
    return [
        to_json(step.message_id),
        step.number,
        step.status,
        ms_since_1970(step.started_at),
        step.duration_ms,
        None if first_token_ms is None else round(first_token_ms, 1),
        step.prompt_tokens,
        step.completion_tokens,
        step.cache_tokens,
        step.reasoning_tokens,
        encode_cost(step.cost_usd),
        step.model,
        step.calls,
        step.finish_reason or None,
        last_line(step.error) or None,
        str(step.pk),
        step.purpose,
    ]


def ms_since_1970(value: datetime) -> float:
    """Returns a time as a number, to a tenth of a ms."""
    return round(value.timestamp() * 1000, 1)


def read_idle_gaps(turn_id: UUID) -> list[tuple[float, float]]:
    """Returns when nothing in the turn worked for long (a person was asked, the server was down), as pairs of times."""
    steps = ModelStep.objects.filter(turn_id=turn_id).order_by().values_list("started_at", "duration_ms")
    calls = ToolTrace.objects.filter(turn_id=turn_id).order_by()
    worked = calls.values_list("started_at", "duration_ms", "wait_ms")
    intervals = [_interval(started, 0.0, duration) for started, duration in steps]
    intervals += [_interval(started, wait, duration) for started, duration, wait in worked]
    return [(gap.start, gap.end) for gap in find_gaps(intervals)]


def _interval(started: datetime, wait_ms: float, duration_ms: float | None) -> Interval:
    start = ms_since_1970(started)
    return Interval(start + wait_ms, start + max(wait_ms, duration_ms or 0.0))


# --- Input in few words ----------------------------------------------------------------------------------------------

_TEXTS = frozenset({"old", "new", "content", "edits", "patch"})


def shorten_input(input: Any, paths: list[str] | None = None) -> Any:
    """Returns the input's short arguments: long ones are cut, an edit's texts are left out, a patch has its `paths`."""
    if not isinstance(input, dict):
        return _cut(str(input))
    if paths is not None:
        input = input | {"paths": paths}
    words = [(name, value) for name, value in input.items() if name not in _TEXTS]
    return {name[:40]: _shorten(value) for name, value in words[:INPUT_WORDS]}


def _shorten(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list):
        kept: list[str] = []
        for item in value:
            if sum(map(len, kept)) > WORD_CHARS:
                return [*kept, "…"]
            kept.append(_cut(str(item)))
        return kept
    return _cut(value if isinstance(value, str) else str(value))


def _cut(text: str) -> str:
    return text if len(text) <= WORD_CHARS else f"{text[: WORD_CHARS - 1]}…"
