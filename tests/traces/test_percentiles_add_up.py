from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.durations import bucket_of, percentile

durations = st.lists(st.floats(0.02, 1e7), min_size=1, max_size=200)


@given(durations, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_it_is_at_most_a_tenth_off(values: list[float], share: float) -> None:
    ordered = sorted(values)
    rank = next(n for n in range(1, len(ordered) + 1) if n >= share * len(ordered))
    found = percentile(Counter(map(bucket_of, values)), share)
    assert found == pytest.approx(ordered[rank - 1], rel=0.1)


def test_it_knows_nothing_of_nothing() -> None:
    assert percentile({}, 0.5) is None
    assert percentile({3: 0}, 0.5) is None


def test_it_stands_a_duration_of_zero() -> None:
    assert bucket_of(0.0) == bucket_of(0.001)
