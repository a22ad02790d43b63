"""Reads unified diffs as git and models write them. Pure.

The counts of a hunk's header are not trusted, for models miscount. They are asked only where lines can be read in two
ways: a removed `-- x` before an added `++ y`, and empty lines at a hunk's end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.errors import ToolError
from tools.files.unified_diff import begins_file, read_names

_HUNK = re.compile(r"^@@(?: -(?P<line>\d+)(?:,(?P<old>\d+))? \+\d+(?:,(?P<new>\d+))?)?(?: @@.*)?$|^@@ .*$")
_FORM = "Send a unified diff: `--- a/PATH`, `+++ b/PATH`, then hunks of `@@ -1,3 +1,4 @@` and lines of ' ', '-' or '+'."
_GIT_HEADER = "diff --git "
_REFUSED = ("rename ", "copy ", "old mode ", "GIT binary", "Binary files ")


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
    """Says what to do with one file: `old` is None for a new one, `new` for one to be deleted."""

    old: str | None
    new: str | None
    hunks: list[Hunk] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.new or self.old or ""


def read_patch(text: str) -> list[FilePatch]:
    """Reads the files of a patch, in order. Raises ToolError where it is no unified diff."""
    files: list[FilePatch] = []
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").removesuffix("\n").split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if at + 1 < len(lines) and begins_file(line, lines[at + 1]):
            files.append(_make_file(*read_names(line, lines[at + 1])))
            at = _read_hunks(lines, at + 2, files[-1])
            continue
        if line.startswith(_REFUSED):
            raise ToolError(f"`{line[:80]}` can't be applied: use move_file for names. Nothing was changed.")
        if line.startswith("*** "):
            raise ToolError(f"This is no unified diff. {_FORM}")
        if line.startswith(_GIT_HEADER) and (empty := _read_empty_file(lines, at)):
            files.append(empty)
        at += 1
    if not files:
        raise ToolError(f"There is no file in the patch. {_FORM}")
    return files


def _make_file(old: str | None, new: str | None) -> FilePatch:
    file = FilePatch(old, new)
    if not file.path:
        raise ToolError("The patch has a file whose two names are both /dev/null, or none.")
    if file.old and file.new and file.old != file.new:
        raise ToolError(f"The patch renames {file.old} to {file.new}: use move_file first, then patch the new name.")
    return file


def _read_empty_file(lines: Sequence[str], at: int) -> FilePatch | None:
    """Reads git's header of an empty file that is made or deleted: it has no `---`, `+++` and hunks."""
    header = lines[at].removeprefix(_GIT_HEADER)
    end = next((n for n in range(at + 1, len(lines)) if lines[n].startswith((_GIT_HEADER, "--- "))), len(lines))
    if end < len(lines) and lines[end].startswith("--- "):
        return None
    # The two names are the same but for their prefix; a name may hold spaces.
    old, new = header[: len(header) // 2], header[len(header) // 2 + 1 :]
    _, name = read_names(f"--- {old}", f"+++ {new}")
    about = lines[at + 1 : end]
    if any(line.startswith("new file mode") for line in about):
        return _make_file(None, name)
    return _make_file(name, None) if any(line.startswith("deleted file mode") for line in about) else None


def _read_hunks(lines: Sequence[str], at: int, file: FilePatch) -> int:
    """Reads the hunks from line `at` on, and gives the line after them."""
    while at < len(lines):
        if lines[at] == "" and file.hunks:
            at += 1
            continue
        match = _HUNK.match(lines[at])
        if match is None:
            break
        hunk = Hunk(int(match["line"]) if match["line"] else None)
        counts = (int(match["old"] or 1), int(match["new"] or 1)) if match["line"] else None
        at = _read_lines(lines, at + 1, hunk, counts)
        if not any(sign in "+-" for sign, _ in hunk.lines):
            raise ToolError(f"A hunk for {file.path} changes nothing. {_FORM}")
        file.hunks.append(hunk)
    if not file.hunks and None not in (file.old, file.new):
        raise ToolError(f"There is no hunk for {file.path}. {_FORM}")
    return at


def _read_lines(lines: Sequence[str], at: int, hunk: Hunk, counts: tuple[int, int] | None) -> int:
    """Reads the lines of a hunk from line `at` on, and gives the line after them."""
    blanks = 0
    while at < len(lines):
        line = lines[at]
        sign = line[0] if line[:1] in (" ", "+", "-", "\\") else ""
        if line == "":
            sign = " "  # some write no blank before an empty line
        elif at + 1 < len(lines) and begins_file(line, lines[at + 1]) and not _is_pair(lines, at, hunk, counts):
            sign = ""
        if not sign:
            break
        if sign == "\\":
            hunk.no_newline.add(hunk.lines[-1][0] if hunk.lines else " ")
        else:
            hunk.lines.append((sign, line[1:]))
        blanks = blanks + 1 if line == "" else 0
        at += 1
    # Empty lines at the end part the hunk from what follows, but where its header counts just these.
    while blanks and _count(hunk) != counts:
        hunk.lines.pop()
        blanks -= 1
    return at


def _count(hunk: Hunk) -> tuple[int, int]:
    return len(hunk.old), sum(sign != "-" for sign, _ in hunk.lines)


def _is_pair(lines: Sequence[str], at: int, hunk: Hunk, counts: tuple[int, int] | None) -> bool:
    """Tells whether what looks like a new file is a removed and an added line, which the header counts. A file's
    hunks follow its names, so where one does, the two must be the last that are counted."""
    if counts is None:
        return False
    old, new = _count(hunk)
    if at + 2 < len(lines) and _HUNK.match(lines[at + 2]):
        return (old + 1, new + 1) == counts
    return old < counts[0] and new < counts[1]
