"""A turn at a glance, as the first page shows it before any script runs: words and a bar."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from .models import TurnSummary


@dataclass(frozen=True)
class Piece:
    """A part of a bar, in percent of the width."""

    kind: str
    left: float
    width: float


@dataclass(frozen=True)
class Glance:
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
    bar: Sequence[Piece]


def glances(turns: Iterable[TurnSummary]) -> list[Glance]:
    """The turns with bars to one scale: the longest one's fills the width."""
    turns = list(turns)
    longest = max((_whole(turn) for turn in turns), default=0.0)
    return [_glance(turn, longest) for turn in turns]


def _glance(turn: TurnSummary, longest: float) -> Glance:
    return Glance(
        id=turn.turn_id,
        title=turn.title,
        status=turn.status,
        duration_ms=turn.duration_ms,
        calls=turn.calls,
        failures=turn.failures,
        tokens=turn.prompt_tokens + turn.completion_tokens,
        cost_usd=None if turn.unpriced and not turn.cost_usd else float(turn.cost_usd),
        last_error=turn.last_error,
        at=turn.queued_at,
        bar=bar_of(turn, longest),
    )


def _whole(turn: TurnSummary) -> float:
    worked = turn.model_ms + turn.tool_ms + turn.wait_ms
    return turn.queue_ms + max(turn.duration_ms or 0.0, worked)


def bar_of(turn: TurnSummary, longest_ms: float) -> list[Piece]:
    """Where the turn's time went, of each kind one piece; what no part accounts for is BooCode's own (`other`)."""
    known = turn.model_ms + turn.tool_ms + turn.wait_ms
    times = [
        *(("queue", turn.queue_ms), ("model", turn.model_ms), ("execution", turn.tool_ms), ("approval", turn.wait_ms)),
        ("other", max(0.0, (turn.duration_ms or 0.0) - known)),
    ]
    pieces, left = [], 0.0
    for kind, ms in times:
        width = 100 * ms / longest_ms if longest_ms else 0.0
        if width > 0:
            pieces.append(Piece(kind, round(left, 3), round(width, 3)))
        left += width
    return pieces
