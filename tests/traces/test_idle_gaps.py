"""Long idle times between what worked are found, whatever overlaps."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from traces.read.idle_gaps import GAP_FACTOR, MIN_GAP_MS, Interval, find_gaps, merge_intervals

times = st.floats(0, 1e9, allow_nan=False)
intervals = st.tuples(times, st.floats(0, 1e6)).map(lambda pair: Interval(pair[0], pair[0] + pair[1]))
HOUR = 3_600_000.0


def test_it_finds_a_long_gap() -> None:
    assert find_gaps([Interval(0, 1000), Interval(HOUR, HOUR + 1000)]) == [Interval(1000, HOUR)]


def test_it_leaves_out_a_gap_that_is_short_beside_the_work() -> None:
    assert find_gaps([Interval(100, 200), Interval(250, 500)]) == []
    assert find_gaps([Interval(0, HOUR), Interval(HOUR + 60_000, 2 * HOUR)]) == []


def test_it_finds_no_gap_where_nothing_happened() -> None:
    assert find_gaps([]) == []
    assert find_gaps([Interval(5, 5)]) == []


def test_it_finds_a_gap_between_each_two_of_many() -> None:
    assert len(find_gaps(Interval(n * HOUR, n * HOUR + 10) for n in range(100))) == 99


@given(st.lists(intervals, max_size=30))
def test_busy_times_hold_every_interval_and_lie_apart(found: list[Interval]) -> None:
    busy = merge_intervals(found)
    assert all(one.end < other.start for one, other in pairwise(busy))
    for interval in found:
        assert any(one.start <= interval.start and interval.end <= one.end for one in busy)


@given(st.lists(intervals, max_size=30))
def test_a_gap_is_long_and_holds_no_work(found: list[Interval]) -> None:
    worked = sum(interval.length for interval in merge_intervals(found))
    for gap in find_gaps(found):
        assert gap.length > max(MIN_GAP_MS, GAP_FACTOR * worked)
        assert not any(interval.start < gap.end and interval.end > gap.start for interval in found)
