"""Keeps output of any length in constant memory: head and tail for the model, the first 10 MB for the trace. Pure."""

from __future__ import annotations

from tools.base import FULL_OUTPUT_BYTES

OUTPUT_BYTES = 32 * 1024


class Capture:
    """Takes bytes in chunks of any size; what it answers does not depend on how they were cut."""

    def __init__(self, limit: int = OUTPUT_BYTES, full_limit: int = FULL_OUTPUT_BYTES) -> None:
        self.total = 0
        self._limit = limit
        self._full_limit = max(full_limit, limit)
        self._full = bytearray()
        self._tail = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Add what came next."""
        self.total += len(chunk)
        room = self._full_limit - len(self._full)
        if room > 0:
            self._full += chunk[:room]
        half = self._limit // 2
        self._tail += chunk[-half:]
        if len(self._tail) > 8 * half:
            del self._tail[:-half]

    @property
    def truncated(self) -> bool:
        """Whether `text` leaves something out."""
        return self.total > self._limit

    def full(self) -> bytes:
        """The first bytes, as they came, `full_limit` at most."""
        return bytes(self._full)

    def text(self) -> str:
        """All of it, or head, a line that says how much is left out, and tail. No character is cut in two."""
        if not self.truncated:
            return bytes(self._full).decode(errors="replace")
        half = self._limit // 2
        head = _without_cut_end(bytes(self._full[:half]))
        tail = _without_cut_start(bytes(self._tail[-half:]))
        left_out = self.total - len(head) - len(tail)
        note = (
            f"\n[… {left_out:,} of {self.total:,} bytes left out here: narrow the command, or send its output to a "
            "file and read that in parts …]\n"
        )
        return head.decode(errors="replace") + note + tail.decode(errors="replace")


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
