from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.record.histogram import estimate_percentile, find_bucket

durations = st.lists(st.floats(0.02, 1e7), min_size=1, max_size=200)


@given(durations, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_it_is_at_most_a_tenth_off(values: list[float], share: float) -> None:
    ordered = sorted(values)
    rank = next(n for n in range(1, len(ordered) + 1) if n >= share * len(ordered))
    found = estimate_percentile(Counter(map(find_bucket, values)), share)
    assert found == pytest.approx(ordered[rank - 1], rel=0.1)


def test_it_knows_nothing_of_nothing() -> None:
    assert estimate_percentile({}, 0.5) is None
    assert estimate_percentile({3: 0}, 0.5) is None


def test_it_stands_a_duration_of_zero() -> None:
    assert find_bucket(0.0) == find_bucket(0.001)
