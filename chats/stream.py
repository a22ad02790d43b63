"""Sequencing and replay as pure functions: which place an entry gets, what a client missed, what the text is so far."""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from uuid import UUID

from .wire import CHANNELS, Logged, TextDelta

MAX_ENTRY_BYTES = 4 * 1024
MAX_SLICE_BYTES = 64 * 1024
MAX_REPLAY_ENTRIES = 2000
MAX_REPLAY_BYTES = 1024 * 1024
WINDOW_BYTES = 256 * 1024


def full_heads(heads: Mapping[str, int]) -> dict[str, int]:
    """The next seq of every channel, 0 where nothing was said yet."""
    return {channel: heads.get(channel, 0) for channel in CHANNELS}


def coalesce(frames: Iterable[Logged]) -> Iterator[Logged]:
    """Join neighbouring text deltas of one message and part, up to 4 KiB of UTF-8. What is longer is cut, what is empty
    is left out."""
    for alike, run in groupby(frames, _mergeable):
        if alike is None:
            yield from run
        else:
            yield from _joined([frame for frame in run if isinstance(frame, TextDelta)])


def _mergeable(frame: Logged) -> tuple[UUID, str] | None:
    return (frame.message_id, frame.part) if isinstance(frame, TextDelta) else None


def _joined(deltas: list[TextDelta]) -> Iterator[TextDelta]:
    pending: list[str] = []
    size = 0
    for delta in deltas:
        for piece in _pieces(delta.content):
            length = _utf8_size(piece)
            if pending and size + length > MAX_ENTRY_BYTES:
                yield deltas[0].model_copy(update={"content": "".join(pending)})
                pending, size = [], 0
            pending.append(piece)
            size += length
    if pending:
        yield deltas[0].model_copy(update={"content": "".join(pending)})


def _pieces(text: str) -> Iterator[str]:
    step = MAX_ENTRY_BYTES if _utf8_size(text) <= MAX_ENTRY_BYTES else MAX_ENTRY_BYTES // 4
    for start in range(0, len(text), step):
        yield text[start : start + step]


def _utf8_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


@dataclass(frozen=True)
class Placed:
    """Entries with their places: `lines` are the frames as JSON text, the first of them at `first_ord`."""

    first_ord: int
    lines: list[str]
    heads: dict[str, int]

    @property
    def last_ord(self) -> int:
        return self.first_ord + len(self.lines) - 1


def place(frames: Iterable[Logged], heads: Mapping[str, int], last_ord: int) -> Placed:
    """Give each frame the next `seq` of its channel and the next `ord`."""
    heads, lines, number = dict(heads), [], last_ord
    for frame in frames:
        seq = heads.get(frame.channel, 0)
        number += 1
        lines.append(frame.encode(seq=seq, ord=number))
        heads[frame.channel] = seq + 1
    return Placed(last_ord + 1, lines, heads)


def cut(placed: Placed) -> Iterator[Placed]:
    """The same entries in pieces of about 64 KiB."""
    lines: list[str] = []
    first_ord, size = placed.first_ord, 0
    for line in placed.lines:
        if lines and size + len(line) > MAX_SLICE_BYTES:
            yield Placed(first_ord, lines, placed.heads)
            first_ord, lines, size = first_ord + len(lines), [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield Placed(first_ord, lines, placed.heads)


# --- Replay -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LogState:
    """Where a log stands. `floors`: the lowest seq that is still kept, by channel."""

    epoch: str
    first_epoch: bool
    ord: int
    heads: Mapping[str, int]
    floors: Mapping[str, int] = field(default_factory=dict)


def missed(log: LogState, positions: Mapping[str, Any], epoch: str | None) -> dict[str, int] | None:
    """From which seq on the client needs each channel, only channels with news; None when it needs a snapshot: a first
    visit, another epoch, a position that is malformed, above the head or below what is kept, or too much to replay.
    """
    if epoch is None and (not positions or not log.first_epoch):
        return None
    if epoch is not None and epoch.lower() != log.epoch:
        return None
    if any(channel not in CHANNELS for channel in positions):
        return None
    wanted = {}
    for channel, head in full_heads(log.heads).items():
        position = positions.get(channel, 0)
        if type(position) is not int or not log.floors.get(channel, 0) <= position <= head:
            return None
        if position < head:
            wanted[channel] = position
    count = sum(full_heads(log.heads)[channel] - seq for channel, seq in wanted.items())
    return wanted if count <= MAX_REPLAY_ENTRIES else None


def select(lines: Sequence[str], wanted: Mapping[str, int]) -> list[tuple[int, str]]:
    """Of the log's lines those that a client with these positions misses, in order, each with its `ord`."""
    chosen = []
    for line in lines:
        frame = json.loads(line)
        channel = frame["channel"]
        if channel in wanted and frame["seq"] >= wanted[channel]:
            chosen.append((frame["ord"], line))
    return chosen


def floors_after(lines: Iterable[str], floors: Mapping[str, int]) -> dict[str, int]:
    """The lowest seq kept of each channel, once `lines`, the log's oldest, are gone."""
    floors = dict(floors)
    for line in lines:
        frame = json.loads(line)
        floors[frame["channel"]] = frame["seq"] + 1
    return floors


def fold_text(lines: Iterable[str], message_id: str, last_seq: int) -> tuple[str, str, int]:
    """The text and the reasoning that the log's lines add to a message whose row holds all below `last_seq`, and the
    seq below which they are now contained."""
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
    """How much was sent and not acknowledged, so that a slow reader stops its own stream and costs no memory."""

    def __init__(self, limit: int = WINDOW_BYTES) -> None:
        self.limit = limit
        self.bytes = 0
        self._sent: deque[tuple[int, int]] = deque()

    @property
    def open(self) -> bool:
        return self.bytes < self.limit

    def sent(self, ord: int, size: int) -> None:
        """`size` bytes went out that a client has read once it acknowledges `ord`; what has no place of its own counts
        with the entry before it. `ord` never falls, but after `restart`."""
        self._sent.append((ord, size))
        self.bytes += size

    def acked(self, ord: int) -> None:
        while self._sent and self._sent[0][0] <= ord:
            self.bytes -= self._sent.popleft()[1]

    def restart(self, ord: int) -> None:
        """The stream goes on from `ord`, maybe a lower one than before. What is out is out: it counts until the client
        has come so far again, or a client that never reads could ask for one replay after the other."""
        self._sent = deque((min(place, ord), size) for place, size in self._sent)
