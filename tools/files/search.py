"""Searches where ripgrep is not installed. It runs in a process of its own, which can be killed: Python's `re` cannot
be interrupted in the middle of a pattern such as `(a+)+$`.

It writes what `rg --null` writes: path, NUL, line number, `:` for a match and `-` for context, the line.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pathspec

from tools.errors import ToolError
from tools.files.paths import display
from tools.files.tree import walk_files
from tools.files.workspace import OpenFile, Workspace

LINE_CHARS = 400
FILE_BYTES = 10 * 1024 * 1024

_BOOTSTRAP = "import sys; sys.path[:0] = sys.argv[1].split(':'); from tools.files.search import main; main(sys.argv[2])"


@dataclass(frozen=True)
class Request:
    """Says what to look for, and where: `parts` is a directory below `root`, or a file."""

    root: str
    protected: tuple[str, ...]
    parts: tuple[str, ...]
    is_file: bool
    pattern: str
    glob: str
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
    values |= {"parts": tuple(values["parts"]), "protected": tuple(values["protected"])}
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
    for entry in walk_files(workspace, request.parts):
        if entry.size <= FILE_BYTES and _wanted(entry.parts[len(request.parts) :], request.glob):
            yield entry.parts


def _wanted(parts: tuple[str, ...], glob: str) -> bool:
    """Matches a glob without a slash with the name, one with a slash with the path, as ripgrep does."""
    if not glob:
        return True
    subject = "/".join(parts) if "/" in glob else parts[-1]
    patterns = {glob, glob.replace("**/", "")} if "/" in glob else {glob}
    return any(fnmatch.fnmatchcase(subject, pattern.lstrip("/")) for pattern in patterns)


def _matches(file: OpenFile, shown: str, pattern: re.Pattern[str], request: Request) -> Iterator[str]:
    with os.fdopen(os.dup(file.fd), "rb") as stream:
        data = stream.read(FILE_BYTES)
    if b"\0" in data[:8_192]:
        return
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
            yield f"{shown}\0{at + 1}{marks[at]}{lines[at].rstrip()[:LINE_CHARS]}\n"
