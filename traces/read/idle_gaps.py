"""Finds the stretches of time in which nothing was at work for long: a page does not draw them in proportion. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

GAP_FACTOR = 0.25
"""Idle time longer than this share of all busy time is a gap."""
MIN_GAP_MS = 2000.0


@dataclass(frozen=True)
class Interval:
    """Something that took from `start` to `end`, in ms since any moment."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


def merge_intervals(intervals: Iterable[Interval]) -> list[Interval]:
    """Returns the busy times in order: intervals that touch or overlap become one."""
    merged: list[Interval] = []
    for interval in sorted(intervals, key=lambda item: (item.start, item.end)):
        if merged and interval.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, interval.end))
        else:
            merged.append(interval)
    return merged


def find_gaps(intervals: Iterable[Interval]) -> list[Interval]:
    """Returns the idle times between the intervals that are long beside all busy time, in order."""
    busy = merge_intervals(intervals)
    longest = max(MIN_GAP_MS, GAP_FACTOR * sum(interval.length for interval in busy))
    idle = [Interval(before.end, after.start) for before, after in pairwise(busy)]
    return [gap for gap in idle if gap.length > longest]
