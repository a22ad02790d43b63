"""Calls and steps in so few words that thousands fit on a page: tables of columns and rows, without bodies."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, QuerySet, When
from django.db.models.functions import Right

from .changes import changed_lines, patched_paths
from .facts import context_cost, money
from .models import ModelStep, ToolTrace
from .recorder import FAILURES
from .summing import last_line
from .timeline import Axis, Interval

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
    *("reasoning", "cost_usd", "model", "calls", "finish_reason", "error"),
)
Table = dict[str, Any]


def without_bodies(traces: QuerySet[ToolTrace]) -> QuerySet[ToolTrace]:
    """The rows as `calls_table` reads them: of the output only the end, and only where the call failed."""
    tail = Case(When(status__in=FAILURES, then=Right("output", TAIL_CHARS)), default=None, output_field=CharField())
    return traces.defer("output").annotate(tail=tail)


def calls_table(traces: Sequence[ToolTrace]) -> Table:
    """`traces`, of one chat, come from `without_bodies`. Times are ms since 1970."""
    costs = context_cost(traces)
    return {"columns": CALL_COLUMNS, "rows": [_call(trace, costs[trace.id]) for trace in traces]}


def _call(trace: ToolTrace, cost: dict[str, Any]) -> list[Any]:
    added, removed = changed_lines(trace.tool, trace.input)
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
        words_of(trace.input),
        added,
        removed,
        _last_words(trace) if trace.status in FAILURES else None,
    ]


def _last_words(trace: ToolTrace) -> str | None:
    """The last line that a failed call said; what the tool remarks in brackets only where there is nothing else."""
    said = [line for line in (trace.tail or "").splitlines() if line.strip()]  # type: ignore[attr-defined]
    spoken = [line for line in said if not _REMARK.fullmatch(line.strip())]
    return last_line("\n".join(spoken[-1:])) or last_line(trace.error) or last_line("\n".join(said[-1:])) or None


def steps_table(steps: Iterable[ModelStep]) -> Table:
    return {"columns": STEP_COLUMNS, "rows": [_step(step) for step in steps]}


def _step(step: ModelStep) -> list[Any]:
    first = None if step.first_token_at is None else (step.first_token_at - step.started_at).total_seconds() * 1000
    return [
        str(step.message_id),
        step.number,
        step.status,
        ms_since_1970(step.started_at),
        step.duration_ms,
        None if first is None else round(first, 1),
        step.prompt_tokens,
        step.completion_tokens,
        step.cache_tokens,
        step.reasoning_tokens,
        money(step.cost_usd),
        step.model,
        step.calls,
        step.finish_reason or None,
        last_line(step.error) or None,
    ]


def ms_since_1970(value: datetime) -> float:
    return round(value.timestamp() * 1000, 1)


def idle_gaps(turn_id: Any) -> list[tuple[float, float]]:
    """The stretches of a turn in which nothing worked for long (a person was asked, the server was down), in ms since
    1970: they are not drawn in proportion."""
    steps = ModelStep.objects.filter(turn_id=turn_id).order_by().values_list("started_at", "duration_ms")
    calls = ToolTrace.objects.filter(turn_id=turn_id).order_by()
    worked = calls.values_list("started_at", "duration_ms", "wait_ms")
    intervals = [_interval(started, 0.0, duration) for started, duration in steps]
    intervals += [_interval(started, wait, duration) for started, duration, wait in worked]
    return [(gap.start, gap.end) for gap in Axis(intervals).gaps]


def _interval(started: datetime, wait_ms: float, duration_ms: float | None) -> Interval:
    start = ms_since_1970(started)
    return Interval(start + wait_ms, start + max(wait_ms, duration_ms or 0.0))


# --- Input in few words ----------------------------------------------------------------------------------------------

_TEXTS = frozenset({"old", "new", "content", "edits", "patch"})


def words_of(input: Any) -> Any:
    """The input's short arguments; long texts are cut, what an edit replaces is left out, a patch has its `paths`."""
    if not isinstance(input, dict):
        return _cut(str(input))
    if isinstance(patch := input.get("patch"), str):
        input = input | {"paths": patched_paths(patch)}
    words = [(name, value) for name, value in input.items() if name not in _TEXTS]
    return {name[:40]: _word(value) for name, value in words[:INPUT_WORDS]}


def _word(value: Any) -> Any:
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
