"""Searches where ripgrep is not installed. It runs in a process of its own, which can be killed: Python's `re` cannot
be interrupted in the middle of a pattern such as `(a+)+$`.

It writes what `rg --null` writes: path, NUL, line number, `:` for a match and `-` for context, the line; and for a file
that is too long for it path, NUL, `+`, and how many bytes it did not read.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pathspec
from pathspec import GitIgnoreSpec

from tools.errors import ToolError
from tools.files.paths import display
from tools.files.tree import walk_files
from tools.files.workspace import OpenFile, Workspace

LINE_CHARS = 400
FILE_BYTES = 10 * 1024 * 1024
UNREAD = "+"

_BOOTSTRAP = "import sys; sys.path[:0] = sys.argv[1].split(':'); from tools.files.search import main; main(sys.argv[2])"


@dataclass(frozen=True)
class Request:
    """Says what to look for, and where: `parts` is a directory below `root`, or a file."""

    root: str
    protected: tuple[str, ...]
    parts: tuple[str, ...]
    is_file: bool
    pattern: str
    globs: tuple[str, ...]
    ignore_case: bool
    context: int
    per_file: int


def argv(request: Request) -> list[str]:
    """Makes the command that runs this search."""
    above = [str(Path(file).parents[depth]) for file, depth in ((__file__, 2), (pathspec.__file__, 1))]
    return [sys.executable, "-I", "-c", _BOOTSTRAP, ":".join(above), json.dumps(asdict(request))]


def main(text: str) -> None:
    """Searches, and writes the lines as they are found. Exit status 2 for a bad pattern, 0 in all other cases."""
    values = json.loads(text)
    values |= {name: tuple(values[name]) for name in ("parts", "protected", "globs")}
    request = Request(**values)
    out = open(1, "wb", buffering=16_384, closefd=False)  # noqa: SIM115 - it is flushed below
    try:
        pattern = re.compile(request.pattern, re.IGNORECASE if request.ignore_case else 0)
    except re.error as error:
        out.write(f"regex error: {error}\n".encode())
        out.flush()
        sys.exit(2)
    out.writelines(line.encode(errors="replace") for line in search(request, pattern))
    out.flush()


def search(request: Request, pattern: re.Pattern[str]) -> Iterator[str]:
    """Gives the matching lines of all files that the ignore rules leave, and of a file that was named itself."""
    workspace = Workspace(request.root, request.protected)
    base = len(request.parts) - request.is_file
    for parts in [request.parts] if request.is_file else _candidates(workspace, request):
        with suppress(ToolError), workspace.open_file(parts) as file:
            yield from _matches(file, display(parts[base:]), pattern, request)


def _candidates(workspace: Workspace, request: Request) -> Iterator[tuple[str, ...]]:
    wanted = _read_globs(request.globs)
    for entry in walk_files(workspace, request.parts):
        if wanted("/".join(entry.parts[len(request.parts) :])):
            yield entry.parts


def _read_globs(globs: Sequence[str]) -> Callable[[str], bool]:
    """Makes the test of a path; where all globs only leave out, the rest is wanted."""
    if not globs:
        return lambda path: True
    everything = ["*"] if all(glob.startswith("!") for glob in globs) else []
    return GitIgnoreSpec.from_lines([*everything, *globs]).match_file


def _matches(file: OpenFile, shown: str, pattern: re.Pattern[str], request: Request) -> Iterator[str]:
    with os.fdopen(os.dup(file.fd), "rb") as stream:
        data = stream.read(FILE_BYTES)
    if b"\0" in data[:8_192]:
        return
    if file.size > FILE_BYTES:
        yield f"{shown}\0{UNREAD}{file.size - FILE_BYTES}\n"
    lines = data.decode(errors="replace").split("\n")
    hits = []
    for at, line in enumerate(lines):
        if pattern.search(line.rstrip("\r")):
            hits.append(at)
            if len(hits) >= request.per_file:
                break
    marks = {near: "-" for hit in hits for near in range(hit - request.context, hit + request.context + 1)}
    marks |= dict.fromkeys(hits, ":")
    for at in sorted(marks):
        if 0 <= at < len(lines):
            yield f"{shown}\0{at + 1}{marks[at]}{_cut(lines[at].rstrip(), pattern)}\n"


def _cut(line: str, pattern: re.Pattern[str]) -> str:
    """Shows a long line from where the match is in sight."""
    if len(line) <= LINE_CHARS:
        return line
    match = pattern.search(line)
    start = max(0, match.start() - LINE_CHARS // 4) if match else 0
    start = 0 if match and match.end() <= LINE_CHARS else start
    return ("…" if start else "") + line[start : start + LINE_CHARS] + ("…" if start + LINE_CHARS < len(line) else "")
