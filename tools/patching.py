"""Unified diffs as models write them: read, and applied to a text. Pure.

The counts and the line numbers of a hunk are not trusted, for models miscount: its own lines say where it belongs. They
are taken at the place that the header names, or at the only place where they match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tools.errors import ToolError

NO_FILE = "/dev/null"
SHOWN_PLACES = 5

_HUNK = re.compile(r"^@@(?: -(?P<line>\d+)(?:,\d+)? \+\d+(?:,\d+)?)?(?: @@.*)?$|^@@ .*$")
_FORM = "Send a unified diff: `--- a/PATH`, `+++ b/PATH`, then hunks of `@@ -1,3 +1,4 @@` and lines of ' ', '-' or '+'."


@dataclass
class Hunk:
    """`lines` are (sign, text) with the signs ' ', '-' and '+'; `line` is where the header says that it begins, from
    1. `no_newline` are the signs of lines said to end the file without a newline."""

    line: int | None
    lines: list[tuple[str, str]] = field(default_factory=list)
    no_newline: set[str] = field(default_factory=set)

    @property
    def old(self) -> list[str]:
        return [text for sign, text in self.lines if sign != "+"]


@dataclass
class FilePatch:
    """What to do with one file: `old` is None for a new one, `new` for one to be deleted."""

    old: str | None
    new: str | None
    hunks: list[Hunk] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.new or self.old or ""


def read_patch(text: str) -> list[FilePatch]:
    """The files of a patch, in order. Raises ToolError where it is no unified diff."""
    files: list[FilePatch] = []
    lines = text.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
            files.append(_file(line[4:], lines[at + 1][4:]))
            at = _read_hunks(lines, at + 2, files[-1])
            continue
        if line.startswith(("rename ", "copy ", "old mode ", "GIT binary", "Binary files ")):
            raise ToolError(f"`{line[:80]}` can't be applied: use move_file for names. Nothing was changed.")
        if line.startswith("*** "):
            raise ToolError(f"This is no unified diff. {_FORM}")
        at += 1
    if not files:
        raise ToolError(f"There is no file in the patch. {_FORM}")
    return files


def _file(old: str, new: str) -> FilePatch:
    file = FilePatch(_name(old), _name(new))
    if not file.path:
        raise ToolError("The patch has a file whose two names are both /dev/null, or none.")
    if file.old and file.new and file.old != file.new:
        raise ToolError(f"The patch renames {file.old} to {file.new}: use move_file first, then patch the new name.")
    return file


def _name(text: str) -> str | None:
    name = text.split("\t")[0].strip().strip('"')
    if name == NO_FILE:
        return None
    return name[2:] if name.startswith(("a/", "b/")) else name


def _read_hunks(lines: Sequence[str], at: int, file: FilePatch) -> int:
    """Read the hunks from line `at` on; the line after them."""
    while at < len(lines):
        match = _HUNK.match(lines[at])
        if match is None:
            break
        hunk = Hunk(int(match["line"]) if match["line"] else None)
        at += 1
        while at < len(lines) and (sign := _sign(lines, at)):
            if sign == "\\":
                hunk.no_newline.add(hunk.lines[-1][0] if hunk.lines else " ")
            else:
                hunk.lines.append((sign, lines[at][1:]))
            at += 1
        # An empty last line is the patch's own end, not context.
        while hunk.lines and hunk.lines[-1] == (" ", "") and at >= len(lines) - 1 and lines[-1] == "":
            hunk.lines.pop()
            break
        if not any(sign in "+-" for sign, _ in hunk.lines):
            raise ToolError(f"A hunk for {file.path} changes nothing. {_FORM}")
        file.hunks.append(hunk)
    if not file.hunks and None not in (file.old, file.new):
        raise ToolError(f"There is no hunk for {file.path}. {_FORM}")
    return at


def _sign(lines: Sequence[str], at: int) -> str:
    """The sign of a line within a hunk; empty where the hunk is over. A line without its blank is an empty one."""
    line = lines[at]
    if line == "":
        return " "
    if line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
        return ""
    return line[0] if line[0] in " +-\\" else ""


def apply_hunks(text: str, file: FilePatch) -> tuple[str, list[str]]:
    """The text after all hunks, and notes on what was not exactly as the patch said. Raises ToolError."""
    crlf = "\r\n" in text and text.count("\n") == text.count("\r\n")
    lines = (text.replace("\r\n", "\n") if crlf else text).split("\n")
    ends = lines[-1] == ""
    lines = lines[:-1] if ends else lines
    notes: list[str] = []
    after, shift = 0, 0
    for number, hunk in enumerate(file.hunks, start=1):
        which = f"Hunk {number} of {len(file.hunks)} for {file.path}"
        at = _place(lines, hunk, after, shift, which)
        new = list(_after(lines[at : at + len(hunk.old)], hunk))
        if hunk.line is not None and hunk.old and at + 1 != hunk.line + shift:
            notes.append(f"Hunk {number} was applied at line {at + 1}.")
        if at + len(hunk.old) == len(lines):
            ends = _ends(hunk, ends)
        lines[at : at + len(hunk.old)] = new
        after = at + len(new)
        shift += len(new) - len(hunk.old)
    result = "\n".join(lines) + ("\n" if ends and lines else "")
    return (result.replace("\n", "\r\n") if crlf else result), notes


def _ends(hunk: Hunk, ended: bool) -> bool:
    """Whether the file ends with a newline once this hunk, which reaches its end, is applied."""
    if {"+", " "} & hunk.no_newline:
        return False
    last = hunk.lines[-1][0]
    return True if last == "+" or "-" in hunk.no_newline else ended


def _after(found: Sequence[str], hunk: Hunk) -> Iterator[str]:
    """The hunk's lines after it is applied; context stays as the file has it."""
    rest = iter(found)
    for sign, text in hunk.lines:
        if sign == "+":
            yield text
        else:
            line = next(rest)
            if sign == " ":
                yield line


def _place(lines: Sequence[str], hunk: Hunk, after: int, shift: int, which: str) -> int:
    old = hunk.old
    named = None if hunk.line is None else hunk.line + shift - 1
    if not old:
        # Without context there is only the number: new lines come after the line that it names.
        return min(max(after, 0 if named is None else named + 1), len(lines)) if lines else 0
    for same in (str, str.rstrip):
        wanted = [same(line) for line in old]
        have = [same(line) for line in lines]
        places = [at for at in range(after, len(lines) - len(old) + 1) if have[at : at + len(old)] == wanted]
        if named in places:
            return int(named or 0)
        if len(places) == 1:
            return places[0]
        if places:
            shown = ", ".join(str(at + 1) for at in places[:SHOWN_PLACES])
            raise ToolError(f"{which} fits at {len(places)} places (lines {shown}): add lines of context to it.")
    raise ToolError(f"{which} does not fit: {_nearest(lines, old)}")


def _nearest(lines: Sequence[str], old: Sequence[str]) -> str:
    """Which line of the hunk is not in the file, at the place where most of its first lines are."""
    best, length = 0, 0
    for at in range(len(lines)):
        run = 0
        while run < len(old) and at + run < len(lines) and lines[at + run].rstrip() == old[run].rstrip():
            run += 1
        if run > length:
            best, length = at, run
    if not length:
        return f"`{old[0][:120]}` is not in the file. Read it again."
    have = lines[best + length] if best + length < len(lines) else "[end of the file]"
    return f"line {best + length + 1} is `{have[:120]}`, the patch has `{old[length][:120]}`."
