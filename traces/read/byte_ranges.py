"""Cuts parts out of an output: by bytes (RFC 9110, section 14) and by lines. Pure."""

import re

_BYTES = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)
_BLOCK = 64 * 1024


class RangeNotSatisfiable(ValueError):
    """The range begins behind the end; the text says how much there is."""


def cut_bytes(size: int, header: str | None) -> range | None:
    """Returns the byte positions that a `Range` header wants of `size` bytes, or None for all of them.

    A header that is malformed or names several ranges counts as absent, as the RFC allows. Raises
    RangeNotSatisfiable.
    """
    match = _BYTES.fullmatch((header or "").replace(" ", ""))
    if not match or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    elif last and int(last) < int(first):
        return None
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if start >= stop:
        raise RangeNotSatisfiable(f"There are {size} bytes, so bytes=0-{max(0, size - 1)} is the whole.")
    return range(start, stop)


def count_lines(data: bytes) -> int:
    """Counts the lines, also a last line without an end."""
    return data.count(b"\n") + bool(data and not data.endswith(b"\n"))


def cut_lines(data: bytes, from_line: int, lines: int | None) -> bytes:
    """Returns `lines` lines from the line numbered `from_line` (the first is 1), with their ends."""
    start = _skip_lines(data, from_line - 1, 0)
    return data[start:] if lines is None else data[start : _skip_lines(data, lines, start)]


def _skip_lines(data: bytes, lines: int, start: int) -> int:
    """Returns the position behind the next `lines` lines from `start` on. Counts in blocks: a search for each line
    would take a second for the lines of 10 MB."""
    while lines and start < len(data):
        inside = data.count(b"\n", start, start + _BLOCK)
        if inside >= lines:
            for _ in range(lines):
                start = data.index(b"\n", start) + 1
            return start
        lines -= inside
        start += _BLOCK
    return min(start, len(data))
