"""read_file: lines of a text file, numbered, from any place of a file of any size."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.errors import ToolError
from tools.files.paths import display
from tools.files.threads import in_thread
from tools.files.workspace import OpenFile, Workspace
from tools.labels import Detail, Labels

BLOCK_BYTES = 1024 * 1024
SHOWN_BYTES = 32 * 1024
LINE_CHARS = 2_000
SCAN_S = 5.0
COUNTED_BYTES = 64 * 1024 * 1024
LIMIT = 400


class ReadFileArgs(Args):
    path: str
    offset: int = Field(1, ge=1, description="first line")
    limit: int = Field(LIMIT, ge=1, le=5_000, description="lines")


@dataclass
class Lines:
    """What was read: shown lines, the byte after them, and whether something in them was cut or broken."""

    shown: list[str]
    end: int
    cut: int = 0
    broken: bool = False


async def read_file(args: ReadFileArgs, context: ToolContext) -> ToolResult:
    return await in_thread(_read, context.workspace, args)


def _read(workspace: Workspace, args: ReadFileArgs) -> ToolResult:
    with workspace.open_file(args.path) as file:
        shown = display(file.parts)
        if not file.size:
            return ToolResult(output=f"[{shown} is empty]")
        if b"\0" in os.pread(file.fd, 8_192, 0):
            return ToolResult(output=f"[{shown} is a binary file of {file.size:,} bytes; it is not shown]")
        start = _start_of_line(file, args.offset)
        lines = _lines(file, start, args)
        newlines, counted = _newlines_after(file, lines.end)
        last = args.offset + len(lines.shown) - 1
        notes = _notes(args.offset, last, newlines, counted=counted, lines=lines, size=file.size)
        return ToolResult(output="\n".join([*lines.shown, *notes]), truncated=bool(notes))


def _start_of_line(file: OpenFile, line: int) -> int:
    """The byte at which `line` (from 1) begins, in one pass of block reads. Raises ToolError where there is none."""
    wanted, seen, at, last = line - 1, 0, 0, b"\n"
    give_up = time.monotonic() + SCAN_S
    while seen < wanted:
        block = os.pread(file.fd, BLOCK_BYTES, at)
        if not block:
            lines = seen + (last != b"\n")
            raise ToolError(f"{display(file.parts)} has {lines:,} lines; line {line:,} does not exist.")
        found = block.count(b"\n")
        if seen + found >= wanted:
            return at + _after_newline(block, wanted - seen)
        seen, at, last = seen + found, at + len(block), block[-1:]
        if time.monotonic() > give_up:
            raise ToolError(f"Line {line:,} is more than {at:,} bytes into the file: too far to look for.")
    return 0


def _after_newline(block: bytes, count: int) -> int:
    at = 0
    for _ in range(count):
        at = block.index(b"\n", at) + 1
    return at


def _lines(file: OpenFile, start: int, args: ReadFileArgs) -> Lines:
    found = Lines([], start)
    room = SHOWN_BYTES
    with os.fdopen(os.dup(file.fd), "rb", buffering=65_536) as stream:
        stream.seek(start)
        while len(found.shown) < args.limit and room > 0:
            raw = stream.readline(4 * LINE_CHARS)
            if not raw:
                break
            length = len(raw)
            while raw and not raw.endswith(b"\n") and (more := stream.readline(BLOCK_BYTES)):
                length += len(more)
                if more.endswith(b"\n"):
                    break
            text = _shown_line(raw, length, found)
            room -= len(text)
            found.shown.append(f"{args.offset + len(found.shown)}\t{text}")
            found.end = stream.tell()
    if not found.shown and args.offset > 1:
        raise ToolError(f"{display(file.parts)} has {args.offset - 1:,} lines; line {args.offset:,} does not exist.")
    return found


def _shown_line(raw: bytes, length: int, found: Lines) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        # The bound may have cut the last character; that alone does not make the file a broken one.
        found.broken |= length == len(raw) or error.start < len(raw) - 3
        text = raw.decode(errors="replace")
    text = text.rstrip("\r\n")
    if length > len(raw) or len(text) > LINE_CHARS:
        found.cut += 1
        shown = text[:LINE_CHARS]
        return f"{shown}… [{length - len(shown.encode()):,} more bytes in this line]"
    return text


def _newlines_after(file: OpenFile, at: int) -> tuple[int, bool]:
    """How many lines follow, and whether they were all counted (a file of many gigabytes is not read to its end)."""
    count, counted, last = 0, at, b"\n"
    while counted - at < COUNTED_BYTES:
        block = os.pread(file.fd, BLOCK_BYTES, counted)
        if not block:
            return count + (last != b"\n"), True
        count += block.count(b"\n")
        counted += len(block)
        last = block[-1:]
    return count, False


def _notes(first: int, last: int, after: int, *, counted: bool, lines: Lines, size: int) -> list[str]:
    notes = []
    if after or not counted:
        total = f"{last + after:,}" if counted else f"more than {last + after:,} ({size:,} bytes)"
        notes.append(f"[lines {first}-{last} of {total}; ask for offset={last + 1}]")
    elif first > 1:
        notes.append(f"[lines {first}-{last} of {last:,}]")
    if lines.cut:
        notes.append(f"[{lines.cut} long line(s) cut at {LINE_CHARS:,} characters]")
    if lines.broken:
        notes.append("[not valid UTF-8: the broken bytes are shown as \ufffd]")
    return notes


READ_FILE = Tool(
    name="read_file",
    description="Read a text file; lines come numbered.",
    kind="read",
    Args=ReadFileArgs,
    run=read_file,
    labels=Labels(
        icon="file",
        doing="Reading",
        done="Read",
        failed="Could not read",
        asking="read",
        target=("path",),
        details=(Detail("offset", "from {}", length="limit"),),
    ),
)
