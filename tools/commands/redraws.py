"""Shows output as a terminal would where it draws a line again and again (`\\r`, `\\b`, erasing), as progress bars do.
Pure."""

from __future__ import annotations

import re

# A line of a terminal has some hundred columns; what is longer is no progress bar.
LINE_BYTES = 64 * 1024
# Of a line that was drawn more often, the last drawings are looked at.
DRAWINGS = 50
_REDRAWN = re.compile(rb"[\r\x08](?!\r*\Z)")
_TOKEN = re.compile(
    r"(?P<back>\x08)|\x1b\[(?P<erased>[012]?)K|(?P<style>\x1b\[[0-9;?]*[A-Za-z])|(?P<shown>.)", re.DOTALL
)


class Redraws:
    """Takes bytes in chunks of any size and gives back lines as they look in the end."""

    def __init__(self) -> None:
        self.found = False
        """Whether anything was drawn over."""
        self._line = b""

    def feed(self, chunk: bytes) -> bytes:
        """Give what is final by now: all up to the last newline."""
        whole, newline, rest = (self._line + chunk).rpartition(b"\n")
        if newline and (b"\r" in whole or b"\b" in whole):
            whole = b"\n".join(map(self._settle, whole.split(b"\n")))
        if len(rest) > LINE_BYTES:
            # A carriage return at the very end may belong to the newline that comes next.
            kept = b"\r" if rest.endswith(b"\r") else b""
            rest = self._settle(rest) + kept
            if len(rest) > LINE_BYTES:
                whole, newline, rest = whole + newline + rest[: -len(kept) or None], b"", kept
        self._line = rest
        return whole + newline

    def rest(self) -> bytes:
        """Give the last line, which no newline ended."""
        line, self._line = self._settle(self._line), b""
        return line

    def _settle(self, line: bytes) -> bytes:
        if not _REDRAWN.search(line):
            return line
        self.found = True
        drawings = line.rstrip(b"\r").split(b"\r")[-DRAWINGS:]
        return _draw([drawing.decode(errors="replace") for drawing in drawings]).encode()


def settle(data: bytes) -> bytes:
    """Gives some output as it looks in the end."""
    redraws = Redraws()
    return redraws.feed(data) + redraws.rest()


def _draw(drawings: list[str]) -> str:
    cells: list[str] = []
    for drawing in drawings:
        column, style = 0, ""
        for token in _TOKEN.finditer(drawing):
            if token["back"]:
                column = max(0, column - 1)
            elif token["erased"] is not None:
                # To the end of the line, to its beginning, or all of it.
                first, last = {"1": (0, column + 1), "2": (0, None)}.get(token["erased"], (column, None))
                if last is None:
                    del cells[first:]
                else:
                    cells[first:last] = [" "] * len(cells[first:last])
            elif token["style"]:
                style += token["style"]
            else:
                cells += [" "] * (column - len(cells) + 1)
                cells[column] = style + token["shown"]
                column, style = column + 1, ""
        if style:
            # As a reset behind the last character.
            cells[column : column + 1] = [style + (cells[column] if column < len(cells) else "")]
    return "".join(cells).rstrip(" ")
