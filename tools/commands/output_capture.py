"""Keeps output of any length in constant memory: head and tail for the model, the first 10 MB for the trace. Pure."""

from __future__ import annotations

from tools.base import FULL_OUTPUT_BYTES
from tools.commands.redraws import Redraws

OUTPUT_BYTES = 32 * 1024


class Capture:
    """Takes bytes in chunks of any size; what it answers does not depend on how they were cut.

    With `redraws`, `text` is what a terminal would show in the end; `full` stays as it came.
    """

    def __init__(
        self, limit: int = OUTPUT_BYTES, full_limit: int = FULL_OUTPUT_BYTES, redraws: Redraws | None = None
    ) -> None:
        self.total = 0
        self._limit = limit
        self._full_limit = max(full_limit, limit)
        self._full = bytearray()
        self._redraws = redraws
        self._shown_total = 0
        self._head = bytearray()
        self._tail = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Add what came next."""
        self.total += len(chunk)
        room = self._full_limit - len(self._full)
        if room > 0:
            self._full += chunk[:room]
        self._show(self._redraws.feed(chunk) if self._redraws else chunk)

    def _show(self, shown: bytes) -> None:
        self._shown_total += len(shown)
        room = self._limit - len(self._head)
        if room > 0:
            self._head += shown[:room]
        half = self._limit // 2
        self._tail += shown[-half:]
        if len(self._tail) > 8 * half:
            del self._tail[:-half]

    @property
    def truncated(self) -> bool:
        """Whether `text` leaves something out."""
        self._finish_line()
        return self._shown_total > self._limit

    @property
    def is_whole(self) -> bool:
        """Whether `text` is what `full` holds."""
        return not self.truncated and not (self._redraws and self._redraws.found)

    def full(self) -> bytes:
        """The first bytes, as they came, `full_limit` at most."""
        return bytes(self._full)

    def text(self) -> str:
        """All of it, or head, a line that says how much is left out, and tail. No character is cut in two."""
        if not self.truncated:
            return bytes(self._head).decode(errors="replace")
        half = self._limit // 2
        head = _without_cut_end(bytes(self._head[:half]))
        tail = _without_cut_start(bytes(self._tail[-half:]))
        left_out = self._shown_total - len(head) - len(tail)
        note = (
            f"\n[… {left_out:,} of {self._shown_total:,} bytes left out here: narrow the command, or send its output "
            "to a file and read that in parts …]\n"
        )
        return head.decode(errors="replace") + note + tail.decode(errors="replace")

    def _finish_line(self) -> None:
        if self._redraws:
            self._show(self._redraws.rest())


def _without_cut_end(data: bytes) -> bytes:
    """`data` without an unfinished UTF-8 sequence at its end."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data[:-back] if length > back else data
        if byte < 0x80:
            break
    return data


def _without_cut_start(data: bytes) -> bytes:
    """`data` without the last bytes (three at most) of a UTF-8 sequence that began before it."""
    start = 0
    while start < min(3, len(data)) and 0x80 <= data[start] < 0xC0:
        start += 1
    return data[start:]
