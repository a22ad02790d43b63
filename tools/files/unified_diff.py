"""Makes unified diffs, counts their lines and finds their files. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

NO_FILE = "/dev/null"
DIFFLIB_LINES = 10_000
BINARY_LOOK_BYTES = 8_192
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def is_binary(data: bytes) -> bool:
    """Tells whether a NUL byte is near the beginning, as git decides it."""
    return b"\0" in data[:BINARY_LOOK_BYTES]


def make_diff(path: str, before: bytes | None, after: bytes | None) -> str:
    """Makes the unified diff of one file; None is "no such file", which is called `/dev/null`."""
    old_name = NO_FILE if before is None else f"a/{path}"
    new_name = NO_FILE if after is None else f"b/{path}"
    if is_binary(before or b"") or is_binary(after or b""):
        return f"Binary files {old_name} and {new_name} differ\n"
    old, new = _lines(before), _lines(after)
    if len(old) + len(new) > DIFFLIB_LINES:
        return _one_hunk((old_name, new_name), old, new)
    return "".join(_ended(line) for line in difflib.unified_diff(old, new, old_name, new_name))


def count_changes(diff: str) -> tuple[int, int]:
    """Counts the lines that a unified diff adds and removes, over all its files."""
    lines = diff.split("\n")
    files = sum(1 for _ in file_headers(lines))
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return added - files, removed - files


def file_headers(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Finds the two lines that begin each file of a unified diff."""
    return ((old, new) for old, new in pairwise(lines) if begins_file(old, new))


def begins_file(line: str, next_line: str) -> bool:
    return line.startswith("--- ") and next_line.startswith("+++ ")


def read_names(old: str, new: str) -> tuple[str | None, str | None]:
    """Reads the paths that the `---` and the `+++` line of a file name; None for /dev/null.

    `a/` and `b/` are git's prefixes, but not where both names begin with the same one: then a folder is called so.
    """
    names = [_read_name(line) for line in (old, new)]
    if None not in names and names[0][:2] == names[1][:2]:  # type: ignore[index]
        return names[0], names[1]
    shown = [name[2:] if name and name.startswith(("a/", "b/")) else name for name in names]
    return shown[0], shown[1]


def _read_name(header: str) -> str | None:
    name = header[4:].split("\t")[0].strip()
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        name = _unquote(name[1:-1])
    return None if name == NO_FILE else name


def _unquote(name: str) -> str:
    """Reads a name as git quotes it: bytes beyond ASCII as `\\303`, and the escapes of C."""
    data = _ESCAPE.sub(_read_escape, name.encode())
    return data.decode(errors="surrogateescape")


def _read_escape(match: re.Match[bytes]) -> bytes:
    text = match[1]
    return bytes([int(text, 8)]) if text.isdigit() else _ESCAPES.get(text, text)


def changed_paths(diff: str) -> list[str]:
    """Names the files that a unified diff changes, in its order."""
    headers = file_headers(diff.split("\n"))
    names = (read_names(old, new) for old, new in headers)
    return [name for old, new in names if (name := new or old)]


def _lines(data: bytes | None) -> list[str]:
    # Only "\n" ends a line here: difflib and git agree on no other.
    text = (data or b"").decode(errors="replace")
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _one_hunk(names: tuple[str, str], old: list[str], new: list[str]) -> str:
    """Makes a diff in linear time, for files that difflib would take minutes for: what lies between the first and the
    last line that differ, as one hunk."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    header = f"--- {names[0]}\n+++ {names[1]}\n@@ -{start + 1},{len(gone)} +{start + 1},{len(come)} @@\n"
    return header + "".join([_ended(f"-{line}") for line in gone] + [_ended(f"+{line}") for line in come])
