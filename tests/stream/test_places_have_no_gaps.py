"""`seq` counts 0, 1, 2 … in each channel, `ord` 1, 2, 3 … over all of them, across any number of commits."""

import json
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from chats.stream.frames import ErrorDelta, Logged
from chats.stream.sequencing import MAX_SLICE_BYTES, fill_heads, number_frames, split_entries
from tests.stream.frames import CHAT, call, decoded, message, placed, status, text

frame = st.sampled_from([text("a"), call(), status()])


@given(st.lists(st.lists(frame, max_size=5), max_size=10))
def test_it_goes_on_where_the_last_commit_ended(commits: list[list[Logged]]) -> None:
    heads: dict[str, int] = {}
    last_ord = 0
    lines: list[str] = []
    for frames in commits:
        before = dict(heads)
        piece = number_frames(frames, heads, last_ord)
        assert heads == before, "the caller's heads are its own"
        assert piece.first_ord == last_ord + 1
        heads, last_ord = piece.heads, piece.last_ord
        lines += piece.lines
    entries = decoded(lines)
    assert [entry["ord"] for entry in entries] == list(range(1, last_ord + 1))
    by_channel: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        by_channel[entry["channel"]].append(entry["seq"])
    assert all(seqs == list(range(len(seqs))) for seqs in by_channel.values())
    assert heads == {channel: len(seqs) for channel, seqs in by_channel.items()}


def test_it_names_every_channel_in_the_heads() -> None:
    assert fill_heads({"text": 3}) == {
        "text": 3,
        "tool_call": 0,
        "tool_result": 0,
        "status": 0,
        "error": 0,
        "event": 0,
    }


def test_it_puts_what_is_no_delta_into_the_event_channel() -> None:
    [entry] = decoded(placed([status()]).lines)
    assert (entry["channel"], entry["type"]) == ("event", "agent_status_updated")


def test_it_writes_an_entry_on_one_line_whatever_the_text_holds() -> None:
    hard = 'a\nb\r\u2028\u2029\x85"\\\0🙂'
    [line] = placed([text(hard)]).lines
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["content"] == hard


def test_it_leaves_absent_fields_out() -> None:
    error = ErrorDelta(chat_id=CHAT, message_id=message(), error="x")
    [entry] = decoded(placed([error]).lines)
    assert "reason" not in entry


@given(st.lists(st.integers(1, 400).map(lambda size: text("x" * size * 1024)), max_size=8))
def test_it_cuts_a_large_commit_into_pieces_that_follow_each_other(frames: list[Logged]) -> None:
    whole = placed(frames)
    pieces = list(split_entries(whole))
    assert [line for piece in pieces for line in piece.lines] == whole.lines
    ord = 0
    for piece in pieces:
        assert piece.first_ord == ord + 1
        assert len(piece.lines) == 1 or sum(map(len, piece.lines)) <= MAX_SLICE_BYTES
        ord = piece.last_ord
    assert ord == whole.last_ord
