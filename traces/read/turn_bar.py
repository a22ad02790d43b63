"""Makes a turn's line as the first page shows it before any script runs: words and a bar."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from traces.models import TurnSummary
from traces.record.trace_json import encode_cost


@dataclass(frozen=True)
class BarPiece:
    """A part of a bar, in percent of the width."""

    kind: str
    left: float
    width: float


@dataclass(frozen=True)
class TurnOverview:
    """Holds what the page says of a turn. `duration_ms` is None while it runs, `cost_usd` where no price is known."""

    id: UUID
    title: str
    status: str
    duration_ms: float | None
    calls: int
    failures: int
    tokens: int
    cost_usd: float | None
    last_error: str
    at: datetime
    bar: Sequence[BarPiece]


def make_overviews(turns: Iterable[TurnSummary]) -> list[TurnOverview]:
    """Returns the turns with bars to one scale: the bar of the longest turn fills the width."""
    turns = list(turns)
    longest = max((_total_ms(turn) for turn in turns), default=0.0)
    return [_make_overview(turn, longest) for turn in turns]


def _make_overview(turn: TurnSummary, longest: float) -> TurnOverview:
    return TurnOverview(
        id=turn.turn_id,
        title=turn.title,
        status=turn.status,
        duration_ms=turn.duration_ms,
        calls=turn.calls,
        failures=turn.failures,
        tokens=turn.prompt_tokens + turn.completion_tokens,
        cost_usd=encode_cost(turn.cost_usd, turn.unpriced),
        last_error=turn.last_error,
        at=turn.queued_at,
        bar=make_bar(turn, longest),
    )


def _total_ms(turn: TurnSummary) -> float:
    worked = turn.model_ms + turn.tool_ms + turn.wait_ms
    return turn.queue_ms + max(turn.duration_ms or 0.0, worked)


def make_bar(turn: TurnSummary, longest_ms: float) -> list[BarPiece]:
    """Returns where the turn's time went, one piece for each kind; the rest of it is BooCode's own (`other`)."""
    known = turn.model_ms + turn.tool_ms + turn.wait_ms
    times = [
        *(("queue", turn.queue_ms), ("model", turn.model_ms), ("execution", turn.tool_ms), ("approval", turn.wait_ms)),
        ("other", max(0.0, (turn.duration_ms or 0.0) - known)),
    ]
    pieces, left = [], 0.0
    for kind, ms in times:
        width = 100 * ms / longest_ms if longest_ms else 0.0
        if width > 0:
            pieces.append(BarPiece(kind, round(left, 3), round(width, 3)))
        left += width
    return pieces
