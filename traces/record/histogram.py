"""Estimates percentiles from counts: durations fall into buckets, four for each doubling, so that counts of any two
spans of time can be added up. What comes out is at most a tenth off. Pure."""

import math
from collections.abc import Mapping

PER_DOUBLING = 4
LOWEST_MS = 0.01


def find_bucket(duration_ms: float) -> int:
    """Returns the bucket that a duration falls into; a higher one is longer."""
    return math.floor(math.log2(max(duration_ms, LOWEST_MS)) * PER_DOUBLING)


def estimate_percentile(counts: Mapping[int, int], share: float) -> float | None:
    """Returns the duration in ms below which `share` of the counted ones lie, None where none is counted."""
    total = sum(counts.values())
    passed = 0
    for bucket in sorted(counts):
        passed += counts[bucket]
        if counts[bucket] and passed >= share * total:
            return float(f"{2 ** ((bucket + 0.5) / PER_DOUBLING):.3g}")
    return None
