"""At most 256 KiB go out unacknowledged: a slow reader stops its own stream."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chats.stream.sequencing import WINDOW_BYTES, Window


def test_it_holds_256_kib() -> None:
    window = Window()
    window.record_sent(1, WINDOW_BYTES - 1)
    assert window.is_open
    window.record_sent(2, 1)
    assert not window.is_open


def test_it_takes_a_frame_larger_than_itself_and_then_nothing() -> None:
    window = Window(10)
    window.record_sent(1, 1000)
    assert not window.is_open
    window.record_ack(1)
    assert window.is_open


@given(st.lists(st.integers(0, 50), max_size=30), st.data())
def test_it_counts_exactly_what_is_above_the_last_ack(sizes: list[int], data: Any) -> None:
    window = Window()
    for ord, size in enumerate(sizes, 1):
        window.record_sent(ord, size)
    acks = data.draw(st.lists(st.integers(0, len(sizes) + 2), max_size=5))
    for ord in acks:
        window.record_ack(ord)
    assert window.bytes == sum(sizes[max(acks, default=0) :])


def test_it_counts_what_has_no_place_with_the_entry_before() -> None:
    window = Window()
    window.record_sent(7, 10)
    window.record_sent(7, 5)
    window.record_sent(8, 1)
    window.record_ack(7)
    assert window.bytes == 1


def test_it_still_counts_what_was_out_before_a_restart() -> None:
    window = Window()
    window.record_sent(100, 10)
    window.restart(3)
    window.record_sent(3, 5)
    window.record_ack(2)
    assert window.bytes == 15
    window.record_ack(3)
    assert window.bytes == 0
