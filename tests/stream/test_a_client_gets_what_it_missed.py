"""From positions to a replay, or to a snapshot where the log cannot tell what is missing. CASES 4, 8 and 9."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chats.stream.frames import CHANNELS, Logged
from chats.stream.sequencing import MAX_REPLAY_ENTRIES, LogState, compute_floors, plan_replay, select_lines
from tests.stream.frames import EPOCH, call, decoded, placed, state, status, text

LOG = placed([text("a"), call(), text("b"), status(), text("c")])
HEADS = LOG.heads
OTHER = "00000000-0000-4000-8000-000000000000"


@given(st.lists(st.sampled_from([text("a"), call(), status()]), max_size=30), st.data())
def test_it_replays_all_that_follows_a_position_and_nothing_else(frames: list[Logged], data: Any) -> None:
    log = placed(frames)
    at = data.draw(st.integers(0, len(frames)))
    positions = placed(frames[:at]).heads
    wanted = plan_replay(state(log), positions, EPOCH)
    assert wanted is not None
    assert select_lines(log.lines, wanted) == [(at + i + 1, line) for i, line in enumerate(log.lines[at:])]


@given(st.lists(st.sampled_from([text("a"), call(), status()]), max_size=30), st.data())
def test_it_replays_each_channel_from_its_own_position(frames: list[Logged], data: Any) -> None:
    log = placed(frames)
    positions = {channel: data.draw(st.integers(0, head)) for channel, head in log.heads.items()}
    wanted = plan_replay(state(log), positions, EPOCH)
    assert wanted is not None
    got = decoded(line for _ord, line in select_lines(log.lines, wanted))
    assert got == [entry for entry in decoded(log.lines) if entry["seq"] >= positions[entry["channel"]]]


def test_it_sends_nothing_to_a_client_that_has_all() -> None:
    assert plan_replay(state(LOG), HEADS, EPOCH) == {}


def test_it_takes_an_absent_channel_for_none_applied() -> None:
    assert plan_replay(state(LOG), {"text": 2}, EPOCH) == {"text": 2, "tool_call": 0, "event": 0}


def test_it_replays_all_to_a_client_that_knows_the_epoch_and_no_entry() -> None:
    assert plan_replay(state(LOG), {}, EPOCH) == {"text": 0, "tool_call": 0, "event": 0}


def test_it_gives_a_first_visit_a_snapshot() -> None:
    assert plan_replay(state(LOG), {}, None) is None


def test_it_gives_another_epoch_a_snapshot() -> None:
    assert plan_replay(state(LOG), HEADS, OTHER) is None


def test_it_reads_an_epoch_in_capitals() -> None:
    assert plan_replay(state(LOG), HEADS, EPOCH.upper()) == {}


def test_it_trusts_positions_without_an_epoch_while_there_was_only_one() -> None:
    assert plan_replay(state(LOG), {"text": 2}, None) is not None
    assert plan_replay(state(LOG, first_epoch=False), {"text": 2}, None) is None


@pytest.mark.parametrize("position", [-1, 1.5, "7", None, 2**64, True, [], {}, float("nan")])
def test_it_answers_a_malformed_position_with_a_snapshot(position: Any) -> None:
    assert plan_replay(state(LOG), HEADS | {"text": position}, EPOCH) is None


def test_it_answers_an_unknown_channel_with_a_snapshot() -> None:
    assert plan_replay(state(LOG), {"gossip": 0}, EPOCH) is None


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_answers_a_position_above_the_head_with_a_snapshot(channel: str) -> None:
    assert plan_replay(state(LOG), {channel: HEADS.get(channel, 0) + 1}, EPOCH) is None


def test_it_answers_a_position_below_what_is_kept_with_a_snapshot() -> None:
    floors = {"text": 1}
    assert plan_replay(state(LOG, floors), HEADS | {"text": 0}, EPOCH) is None
    assert plan_replay(state(LOG, floors), HEADS | {"text": 1}, EPOCH) == {"text": 1}


def test_it_does_not_miss_what_a_pruned_channel_of_a_new_client_held() -> None:
    assert plan_replay(state(LOG, {"tool_call": 1}), {"text": 3, "event": 1}, EPOCH) is None


def test_it_replays_2000_entries_and_answers_more_with_a_snapshot() -> None:
    for behind, replays in ((MAX_REPLAY_ENTRIES, True), (MAX_REPLAY_ENTRIES + 1, False)):
        log = LogState(EPOCH, True, 5000, {"text": 5000})
        assert (plan_replay(log, {"text": 5000 - behind}, EPOCH) is not None) is replays


@given(st.lists(st.sampled_from([text("a"), call(), status()]), max_size=20), st.data())
def test_it_keeps_the_floors_of_what_is_pruned(frames: list[Logged], data: Any) -> None:
    log = placed(frames)
    cut = data.draw(st.integers(0, len(frames)))
    floors = compute_floors(log.lines[:cut], {})
    again = data.draw(st.integers(cut, len(frames)))
    floors = compute_floors(log.lines[cut:again], floors)
    for entry in decoded(log.lines[again:]):
        assert entry["seq"] >= floors.get(entry["channel"], 0)
    for entry in decoded(log.lines[:again]):
        assert entry["seq"] < floors[entry["channel"]]
