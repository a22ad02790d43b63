"""Numbers log entries, plans what a client is replayed, and folds text deltas. Pure."""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from .frames import CHANNELS, Logged, TextFrame

MAX_ENTRY_BYTES = 4 * 1024
MAX_SLICE_BYTES = 64 * 1024
MAX_REPLAY_ENTRIES = 2000
MAX_REPLAY_BYTES = 1024 * 1024
WINDOW_BYTES = 256 * 1024


def fill_heads(heads: Mapping[str, int]) -> dict[str, int]:
    """Return the next seq of every channel, 0 for a channel without entries."""
    return {channel: heads.get(channel, 0) for channel in CHANNELS}


def join_deltas(frames: Iterable[Logged]) -> Iterator[Logged]:
    """Join neighbouring text deltas of one message and part, up to 4 KiB of UTF-8.

    A longer delta is cut, an empty one is left out.
    """
    for alike, run in groupby(frames, _delta_key):
        if alike is None:
            yield from run
        else:
            yield from _join_run([frame for frame in run if isinstance(frame, TextFrame)])


def _delta_key(frame: Logged) -> tuple[UUID, str] | None:
    return (frame.message_id, frame.part) if isinstance(frame, TextFrame) else None


def _join_run(deltas: list[TextFrame]) -> Iterator[TextFrame]:
    pending: list[str] = []
    size = 0
    for delta in deltas:
        for piece in _split_text(delta.content):
            length = _utf8_size(piece)
            if pending and size + length > MAX_ENTRY_BYTES:
                yield deltas[0].model_copy(update={"content": "".join(pending)})
                pending, size = [], 0
            pending.append(piece)
            size += length
    if pending:
        yield deltas[0].model_copy(update={"content": "".join(pending)})


def _split_text(text: str) -> Iterator[str]:
    step = MAX_ENTRY_BYTES if _utf8_size(text) <= MAX_ENTRY_BYTES else MAX_ENTRY_BYTES // 4
    for start in range(0, len(text), step):
        yield text[start : start + step]


def _utf8_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


@dataclass(frozen=True)
class Entries:
    """Holds numbered entries: `lines` are the frames as JSON text, the first of them at `first_ord`."""

    first_ord: int
    lines: list[str]
    heads: dict[str, int]

    @property
    def last_ord(self) -> int:
        return self.first_ord + len(self.lines) - 1


def number_frames(frames: Iterable[Logged], heads: Mapping[str, int], last_ord: int) -> Entries:
    """Give each frame the next `seq` of its channel and the next `ord`."""
    heads, lines, number = dict(heads), [], last_ord
    for frame in frames:
        seq = heads.get(frame.channel, 0)
        number += 1
        lines.append(frame.encode(seq=seq, ord=number))
        heads[frame.channel] = seq + 1
    return Entries(last_ord + 1, lines, heads)


def split_entries(entries: Entries) -> Iterator[Entries]:
    """Split the entries into pieces of about 64 KiB."""
    lines: list[str] = []
    first_ord, size = entries.first_ord, 0
    for line in entries.lines:
        if lines and size + len(line) > MAX_SLICE_BYTES:
            yield Entries(first_ord, lines, entries.heads)
            first_ord, lines, size = first_ord + len(lines), [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield Entries(first_ord, lines, entries.heads)


# --- Replay -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LogState:
    """Describes how far a log reaches. `floors`: the lowest seq that is still kept, by channel."""

    epoch: str
    first_epoch: bool
    ord: int
    heads: Mapping[str, int]
    floors: Mapping[str, int] = field(default_factory=dict)


def plan_replay(log: LogState, positions: Mapping[str, Any], epoch: str | None) -> dict[str, int] | None:
    """Return from which seq on the client needs each channel that has new entries; None when it needs a snapshot.

    It needs one on a first visit, with another epoch, with a position that is malformed, above the head or below the
    floor, and where there is too much to replay.
    """
    if epoch is None and (not positions or not log.first_epoch):
        return None
    if epoch is not None and epoch.lower() != log.epoch:
        return None
    if any(channel not in CHANNELS for channel in positions):
        return None
    wanted = {}
    for channel, head in fill_heads(log.heads).items():
        position = positions.get(channel, 0)
        if type(position) is not int or not log.floors.get(channel, 0) <= position <= head:
            return None
        if position < head:
            wanted[channel] = position
    count = sum(fill_heads(log.heads)[channel] - seq for channel, seq in wanted.items())
    return wanted if count <= MAX_REPLAY_ENTRIES else None


def select_lines(lines: Sequence[str], wanted: Mapping[str, int]) -> list[tuple[int, str]]:
    """Select the log lines that a client with these positions misses, in order, each with its `ord`."""
    chosen = []
    for line in lines:
        frame = json.loads(line)
        channel = frame["channel"]
        if channel in wanted and frame["seq"] >= wanted[channel]:
            chosen.append((frame["ord"], line))
    return chosen


def compute_floors(lines: Iterable[str], floors: Mapping[str, int]) -> dict[str, int]:
    """Return the lowest seq kept of each channel, once `lines`, the log's oldest, are gone."""
    floors = dict(floors)
    for line in lines:
        frame = json.loads(line)
        floors[frame["channel"]] = frame["seq"] + 1
    return floors


def fold_text(lines: Iterable[str], message_id: str, last_seq: int) -> tuple[str, str, int]:
    """Fold the log's text deltas of a message whose row holds all below `last_seq`.

    Returns the text, the reasoning, and the seq below which both are now contained.
    """
    parts: dict[str, list[str]] = {"text": [], "reasoning": []}
    for line in lines:
        if message_id not in line:  # most lines are another message's: reading them would be most of the cost
            continue
        frame = json.loads(line)
        if frame["channel"] == "text" and frame["message_id"] == message_id and frame["seq"] >= last_seq:
            parts[frame["part"]].append(frame["content"])
            last_seq = frame["seq"] + 1
    return "".join(parts["text"]), "".join(parts["reasoning"]), last_seq


class Window:
    """Counts bytes sent and not acknowledged, so that a slow reader stops its own stream and costs no memory."""

    def __init__(self, limit: int = WINDOW_BYTES) -> None:
        self.limit = limit
        self.bytes = 0
        self._sent: deque[tuple[int, int]] = deque()

    @property
    def is_open(self) -> bool:
        """Whether more may be sent."""
        return self.bytes < self.limit

    def record_sent(self, ord: int, size: int) -> None:
        """Count `size` bytes that a client has read once it acknowledges `ord`.

        A frame without an `ord` of its own counts with the entry before it. `ord` never falls, but after `restart`.
        """
        self._sent.append((ord, size))
        self.bytes += size

    def record_ack(self, ord: int) -> None:
        """Forget what was sent up to `ord`: the client has read it."""
        while self._sent and self._sent[0][0] <= ord:
            self.bytes -= self._sent.popleft()[1]

    def restart(self, ord: int) -> None:
        """Go on from `ord`, maybe a lower one than before.

        Bytes already sent count until the client has read up to there again: otherwise a client that never reads could
        ask for one replay after the other.
        """
        self._sent = deque((min(at, ord), size) for at, size in self._sent)
