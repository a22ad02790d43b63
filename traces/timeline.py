"""Where things lie on a timeline: bars in true proportion, idle gaps compressed and marked. Pure.

Times are ms since any moment; places are shares of the width, 0 at the left and 1 at the right.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP_SHARE = 0.04
"""The width that a compressed gap gets."""
GAP_FACTOR = 0.25
"""Idle time longer than this share of all busy time is compressed."""
MIN_GAP_MS = 2000.0


@dataclass(frozen=True)
class Interval:
    """Something that took from `start` to `end`, in ms."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Gap:
    """Idle time that is not drawn in proportion: `left` and `width` are its place."""

    start: float
    end: float
    left: float
    width: float


@dataclass(frozen=True)
class Bar:
    left: float
    width: float


@dataclass(frozen=True)
class Tick:
    """A mark of the axis: `at` is its place, `ms` the time since the axis' start."""

    at: float
    ms: float


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The busy times: intervals that touch or overlap become one."""
    found: list[Interval] = []
    for interval in sorted(intervals, key=lambda item: (item.start, item.end)):
        if found and interval.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, interval.end))
        else:
            found.append(interval)
    return found


class Axis:
    """A scale for what happened in these intervals.

    Busy time keeps its proportion; a gap that is long beside it becomes a narrow one, and is in `gaps`.
    """

    def __init__(self, intervals: Iterable[Interval]) -> None:
        busy = merged(intervals) or [Interval(0.0, 0.0)]
        self.start, self.end = busy[0].start, busy[-1].end
        longest = max(MIN_GAP_MS, GAP_FACTOR * sum(interval.length for interval in busy))
        idle = [Interval(before.end, after.start) for before, after in pairwise(busy)]
        cut = [gap for gap in idle if gap.length > longest]
        self._knots = self._places(cut)
        self._starts = [time for time, _ in self._knots]
        self.gaps = tuple(Gap(gap.start, gap.end, *self._bar(gap)) for gap in cut)

    def _places(self, cut: Sequence[Interval]) -> list[tuple[float, float]]:
        """Times and their places, between which the scale is even."""
        kept = self.end - self.start - sum(gap.length for gap in cut)
        # However many gaps there are, they get half of the width at most.
        share = min(GAP_SHARE, 0.5 / len(cut)) if cut else 0.0
        unit = (1 - share * len(cut)) / kept if kept > 0 else 0.0
        knots, place, time = [(self.start, 0.0)], 0.0, self.start
        for gap in cut:
            place += (gap.start - time) * unit
            knots.append((gap.start, place))
            place, time = place + share, gap.end
            knots.append((gap.end, place))
        return [*knots, (self.end, 1.0 if kept > 0 else place)]

    def at(self, time: float) -> float:
        """The place of a moment; what lies outside is put at the edge."""
        number = bisect_right(self._starts, time) - 1
        if number < 0:
            return 0.0
        if number >= len(self._knots) - 1:
            return self._knots[-1][1]
        (start, left), (end, right) = self._knots[number], self._knots[number + 1]
        return left + (right - left) * (time - start) / (end - start) if end > start else left

    def bar(self, start: float, end: float) -> Bar:
        """The place of something that took from `start` to `end`."""
        return Bar(*self._bar(Interval(start, end)))

    def _bar(self, interval: Interval) -> tuple[float, float]:
        left = self.at(interval.start)
        return left, max(0.0, self.at(interval.end) - left)

    def ticks(self, wanted: int = 6) -> list[Tick]:
        """Marks at round times, at most about `wanted`, none inside a gap."""
        spans = self.end - self.start - sum(gap.end - gap.start for gap in self.gaps)
        if spans <= 0:
            return [Tick(0.0, 0.0)]
        step = round_step(spans / wanted)
        marks = []
        # Between gaps: one may be days long, and counting through it in seconds would take long.
        begins = [self.start, *(gap.end for gap in self.gaps)]
        ends = [*(gap.start for gap in self.gaps), self.end]
        for begin, end in zip(begins, ends, strict=True):
            number = -(-(begin - self.start) // step)
            while (time := self.start + number * step) <= end:
                marks.append(Tick(self.at(time), time - self.start))
                number += 1
        return marks


STEPS_MS = [factor * 10.0**power for power in range(4) for factor in (1, 2, 5)]
STEPS_MS += [
    seconds * 1000.0 for seconds in (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)
]


def round_step(at_least_ms: float) -> float:
    """The distance of two marks that a person reads easily."""
    return next((step for step in STEPS_MS if step >= at_least_ms), 86_400_000.0 * -(-at_least_ms // 86_400_000))


# --- Where time went -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A piece of a bar: `kind` is model, queue, approval, execution or other."""

    kind: str
    start: float
    end: float

    @property
    def ms(self) -> float:
        return self.end - self.start


def parts_of_call(started: float, finished: float, queue_ms: float, wait_ms: float) -> list[Part]:
    """A call's bar: waiting for its turn lies before its start, waiting for a person at its beginning."""
    waited = started + min(max(0.0, wait_ms), finished - started)
    edges = [("queue", started - max(0.0, queue_ms)), ("approval", started), ("execution", waited), ("", finished)]
    parts = [Part(kind, start, end) for (kind, start), (_, end) in pairwise(edges)]
    return [part for part in parts if part.ms > 0]


def parts_of_turn(started: float, finished: float, parts: Iterable[Part]) -> list[Part]:
    """The turn's whole bar: its steps' and calls' parts in order, and what lies between them as `other`.

    The parts add up to the turn exactly: where two overlap, the later begins when the earlier ends; queues are left
    out, for other calls are at work meanwhile.
    """
    bar: list[Part] = []
    now = started
    for part in sorted((part for part in parts if part.kind != "queue"), key=lambda part: (part.start, part.end)):
        start, end = min(max(part.start, now), finished), min(part.end, finished)
        if end <= start:
            continue
        if start > now:
            bar.append(Part("other", now, start))
        bar.append(Part(part.kind, start, end))
        now = end
    return [*bar, Part("other", now, finished)] if finished > now else bar


def sums(parts: Iterable[Part]) -> dict[str, float]:
    """The ms of each kind."""
    total: dict[str, float] = {}
    for part in parts:
        total[part.kind] = total.get(part.kind, 0.0) + part.ms
    return total
