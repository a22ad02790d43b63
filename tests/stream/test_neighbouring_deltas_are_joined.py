"""Deltas of one message and part that are committed together become one entry, 4 KiB at most."""

from hypothesis import given
from hypothesis import strategies as st

from chats.stream.frames import Logged, TextFrame
from chats.stream.sequencing import MAX_ENTRY_BYTES, join_deltas
from tests.stream.frames import call, status, text

frames = st.lists(
    st.one_of(
        st.builds(text, st.text(max_size=20), st.integers(1, 2), st.sampled_from(["text", "reasoning"])),
        st.builds(text, st.sampled_from(["x" * 3000, "é" * 1500, "🙂" * 900, "x" * 10_000, "é" * 4096, "🙂" * 4097])),
        st.just(call()),
        st.just(status()),
    ),
    max_size=30,
)


def told(entries: list[Logged]) -> list[object]:
    """What a reader is told, whatever the cuts between neighbouring entries are."""
    story: list[object] = []
    for entry in entries:
        if not isinstance(entry, TextFrame):
            story.append(entry)
        elif story and isinstance(story[-1], tuple) and story[-1][:2] == (entry.message_id, entry.part):
            story[-1] = (*story[-1][:2], story[-1][2] + entry.content)
        elif entry.content:
            story.append((entry.message_id, entry.part, entry.content))
    return story


@given(frames)
def test_it_changes_nothing_of_what_is_said_or_in_which_order(said: list[Logged]) -> None:
    assert told(list(join_deltas(said))) == told(said)


@given(frames)
def test_it_keeps_text_entries_small_and_none_empty(said: list[Logged]) -> None:
    for entry in join_deltas(said):
        if isinstance(entry, TextFrame):
            assert 0 < len(entry.content.encode()) <= MAX_ENTRY_BYTES


def test_it_joins_a_burst_into_one_entry() -> None:
    assert list(join_deltas(text(word) for word in ("one ", "two ", "three"))) == [text("one two three")]


def test_it_fills_entries_to_the_brim() -> None:
    entries = list(join_deltas(text("x") for _ in range(MAX_ENTRY_BYTES + 1)))
    assert [len(entry.content) for entry in entries if isinstance(entry, TextFrame)] == [MAX_ENTRY_BYTES, 1]


def test_it_keeps_messages_and_parts_apart() -> None:
    said = [text("a"), text("b", 2), text("c", 2, "reasoning"), text("d", 2)]
    assert list(join_deltas(said)) == said


def test_it_joins_nothing_across_another_frame() -> None:
    said = [text("a"), call(), text("b"), status(), text("c")]
    assert list(join_deltas(said)) == said


def test_it_leaves_empty_deltas_out() -> None:
    assert list(join_deltas([text(""), text("", 2)])) == []
