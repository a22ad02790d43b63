"""Applies the hunks of a patch to a text. Pure.

The line numbers of a hunk are not trusted, for models miscount: its own lines say where it belongs. They are taken at
the place that the header names, or at the only place where they match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.errors import ToolError
from tools.files.patch_reader import FilePatch, Hunk

SHOWN_PLACES = 5
_BOM = "\ufeff"


@dataclass
class _Text:
    """Holds a text's lines, and what ends each: a file may mix line ends, and a new line takes its neighbour's."""

    lines: list[str]
    ends: list[str]

    @classmethod
    def read(cls, text: str) -> _Text:
        parts = text.split("\n")
        last = parts.pop()
        lines = [part.removesuffix("\r") for part in parts]
        ends = ["\r\n" if part.endswith("\r") else "\n" for part in parts]
        return cls([*lines, last], [*ends, ""]) if last else cls(lines, ends)

    def find_end(self, at: int) -> str:
        """Gives the line end to use at line `at`: that of the line before, of this one, or of any."""
        near = (self.ends[place] for place in (at - 1, at) if 0 <= place < len(self.ends))
        return next((end for end in (*near, *self.ends) if end), "\n")

    def replace(self, at: int, hunk: Hunk) -> int:
        """Puts the hunk's new lines in the place of its old ones, and gives how many they are. Context stays as
        the file has it."""
        rest = iter(range(at, at + len(hunk.old)))
        lines, ends = list[str](), list[str]()
        for sign, text in hunk.lines:
            if sign == "+":
                lines.append(text)
                ends.append(next((end for end in reversed(ends) if end), "") or self.find_end(at))
                continue
            place = next(rest)
            if sign == " ":
                lines.append(self.lines[place])
                ends.append(self.ends[place] or self.find_end(place))
        self.lines[at : at + len(hunk.old)] = lines
        self.ends[at : at + len(hunk.old)] = ends
        return len(lines)

    def write(self, ended: bool) -> str:
        """Gives the text again; `ended` says whether its last line has an end."""
        if self.ends and not ended:
            self.ends[-1] = ""
        elif self.ends and not self.ends[-1]:
            self.ends[-1] = self.find_end(len(self.ends) - 1)
        return "".join(map("".join, zip(self.lines, self.ends, strict=True)))


def apply_hunks(text: str, file: FilePatch) -> tuple[str, list[str]]:
    """Gives the text after all hunks, and notes on what was not exactly as the patch said. Raises ToolError."""
    bom = _BOM if text.startswith(_BOM) else ""
    now = _Text.read(text.removeprefix(_BOM))
    ended = not now.ends or now.ends[-1] != ""
    notes: list[str] = []
    shifts: list[tuple[int, int]] = []
    after = 0
    for number, hunk in enumerate(file.hunks, start=1):
        if bom and hunk.lines and hunk.line in (None, 1):
            hunk.lines[:] = [(sign, line.removeprefix(_BOM)) for sign, line in hunk.lines]
        which = f"Hunk {number} of {len(file.hunks)} for {file.path}"
        # Hunks may come in any order: those above move what is below them.
        named = None if hunk.line is None else hunk.line - 1 + sum(by for line, by in shifts if line < hunk.line)
        at = _find_place(now.lines, hunk, after, named, which)
        if named is not None and hunk.old and at != named:
            notes.append(f"Hunk {number} was applied at line {at + 1}.")
        if at + len(hunk.old) == len(now.lines):
            ended = _ends(hunk, ended)
        length = now.replace(at, hunk)
        after = at + length
        shifts.append((at + 1 if hunk.line is None else hunk.line, length - len(hunk.old)))
    return bom + now.write(ended), notes


def _ends(hunk: Hunk, ended: bool) -> bool:
    """Tells whether the file ends with a newline once this hunk, which reaches its end, is applied."""
    if {"+", " "} & hunk.no_newline:
        return False
    last = hunk.lines[-1][0]
    return True if last == "+" or "-" in hunk.no_newline else ended


def _find_place(lines: Sequence[str], hunk: Hunk, after: int, named: int | None, which: str) -> int:
    old = hunk.old
    if not old:
        # Without context there is only the number: new lines come after the line that it names.
        return min(after if named is None else max(0, named + 1), len(lines))
    for same in (str, str.rstrip):
        wanted = [same(line) for line in old]
        have = [same(line) for line in lines]
        places = [at for at in range(len(lines) - len(old) + 1) if have[at : at + len(old)] == wanted]
        below = [at for at in places if at >= after]
        if named in places:
            return int(named or 0)
        if len(below) == 1 or len(places) == 1:
            return (below if len(below) == 1 else places)[0]
        if places:
            shown = ", ".join(str(at + 1) for at in places[:SHOWN_PLACES])
            raise ToolError(f"{which} fits at {len(places)} places (lines {shown}): add lines of context to it.")
    raise ToolError(f"{which} does not fit: {_nearest(lines, old)}")


def _nearest(lines: Sequence[str], old: Sequence[str]) -> str:
    """Says which line of the hunk is not in the file, at the place where most of its first lines are."""
    best, length = 0, 0
    for at in range(len(lines)):
        run = 0
        while run < len(old) and at + run < len(lines) and lines[at + run].rstrip() == old[run].rstrip():
            run += 1
        if run > length:
            best, length = at, run
    if not length:
        return f"`{old[0][:120]}` is not in the file. Read it again."
    if length == len(old):
        return f"its lines are at line {best + 1}, where they do not fit after the hunks before. Read the file again."
    have = lines[best + length] if best + length < len(lines) else "[end of the file]"
    return f"line {best + length + 1} is `{have[:120]}`, the patch has `{old[length][:120]}`."
