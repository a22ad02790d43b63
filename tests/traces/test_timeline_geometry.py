import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.timeline import (
    Axis,
    Interval,
    Part,
    merged,
    parts_of_call,
    parts_of_turn,
    round_step,
    sums,
)

times = st.floats(0, 1e9, allow_nan=False)
intervals = st.tuples(times, st.floats(0, 1e6)).map(lambda pair: Interval(pair[0], pair[0] + pair[1]))
HOUR = 3_600_000.0


def test_it_keeps_proportions() -> None:
    axis = Axis([Interval(100, 200), Interval(250, 500)])
    assert axis.gaps == ()
    assert axis.bar(100, 200).width == pytest.approx(0.25)
    assert axis.bar(250, 500).left == pytest.approx(0.375)
    assert axis.bar(100, 500).width == pytest.approx(1)


def test_it_compresses_and_marks_a_long_gap() -> None:
    axis = Axis([Interval(0, 1000), Interval(HOUR, HOUR + 1000)])
    (gap,) = axis.gaps
    assert (gap.start, gap.end) == (1000, HOUR)
    assert gap.width == pytest.approx(0.04)
    assert axis.bar(0, 1000).width == pytest.approx(axis.bar(HOUR, HOUR + 1000).width) == pytest.approx(0.48)


def test_it_leaves_most_of_the_width_to_what_happened_however_many_gaps_there_are() -> None:
    axis = Axis([Interval(n * HOUR, n * HOUR + 10) for n in range(100)])
    assert len(axis.gaps) == 99
    assert sum(gap.width for gap in axis.gaps) == pytest.approx(0.5)


def test_it_puts_what_lies_outside_at_the_edge() -> None:
    axis = Axis([Interval(100, 200)])
    assert (axis.at(0), axis.at(100), axis.at(200), axis.at(999)) == (0, 0, 1, 1)


def test_it_stands_nothing_and_no_time_at_all() -> None:
    assert Axis([]).bar(0, 0).width == 0
    assert Axis([Interval(5, 5)]).bar(5, 5).left in (0, 1)
    assert [tick.ms for tick in Axis([]).ticks()] == [0]


@given(st.lists(intervals, min_size=1, max_size=30))
def test_it_keeps_the_order_and_stays_inside(found: list[Interval]) -> None:
    axis = Axis(found)
    moments = sorted({moment for interval in found for moment in (interval.start, interval.end)})
    places = [axis.at(moment) for moment in moments]
    assert places == sorted(places)
    assert all(0 <= place <= 1 + 1e-9 for place in places)


@given(st.lists(intervals, min_size=1, max_size=30))
def test_it_draws_equal_times_equally_long(found: list[Interval]) -> None:
    axis = Axis(found)
    scales = {
        round(axis.bar(interval.start, interval.end).width / interval.length, 9)
        for interval in merged(found)
        if interval.length > 1
    }
    assert not scales or max(scales) - min(scales) <= 1e-6 * max(1, max(scales)) + 1e-8


@given(st.lists(intervals, min_size=1, max_size=20))
def test_it_marks_round_times_outside_of_gaps(found: list[Interval]) -> None:
    axis = Axis(found)
    ticks = axis.ticks()
    assert len(ticks) <= 8 + 2 * len(axis.gaps)
    for gap in axis.gaps:
        assert not any(gap.start < axis.start + tick.ms < gap.end - 1e-6 * gap.end for tick in ticks)


@pytest.mark.parametrize(
    ("at_least", "step"), [(0.3, 1), (3, 5), (180, 200), (6000, 10_000), (70_000, 120_000), (100_000_000, 172_800_000)]
)
def test_it_counts_in_steps_that_people_read(at_least: float, step: float) -> None:
    assert round_step(at_least) == step


def test_it_shows_where_a_call_waited() -> None:
    assert parts_of_call(1000, 1500, queue_ms=200, wait_ms=300) == [
        Part("queue", 800, 1000),
        Part("approval", 1000, 1300),
        Part("execution", 1300, 1500),
    ]
    assert parts_of_call(1000, 1500, 0, 0) == [Part("execution", 1000, 1500)]
    assert parts_of_call(1000, 1500, 0, 9999) == [Part("approval", 1000, 1500)]


kinds = st.sampled_from(["model", "execution", "approval", "queue"])
pieces = st.tuples(kinds, st.floats(-100, 1100), st.floats(0, 500)).map(lambda p: Part(p[0], p[1], p[1] + p[2]))


@given(st.lists(pieces, max_size=20))
def test_a_turns_bar_adds_up(found: list[Part]) -> None:
    bar = parts_of_turn(0, 1000, found)
    assert sum(sums(bar).values()) == pytest.approx(1000)
    assert [part.start for part in bar] == [0, *(part.end for part in bar[:-1])]
    assert "queue" not in sums(bar)


def test_it_calls_what_lies_between_other() -> None:
    bar = parts_of_turn(0, 100, [Part("model", 10, 50), Part("execution", 60, 90)])
    assert sums(bar) == {"other": 30, "model": 40, "execution": 30}
