"""list_files: a tree, as wide as fits, without what the ignore rules leave out."""

from __future__ import annotations

import os
from collections import deque

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.errors import ToolError
from tools.files.gitignore import IgnoreRules
from tools.files.paths import display
from tools.files.threads import in_thread
from tools.files.tree import Entry, list_entries, read_ignore_rules
from tools.files.workspace import Workspace
from tools.labels import Detail, Labels

MAX_SHOWN = 400
LARGE_BYTES = 256 * 1024
MIB = 1024 * 1024

Tree = dict[tuple[str, ...], list[Entry]]


class ListFilesArgs(Args):
    path: str = "."
    depth: int = Field(3, ge=1, le=20)
    ignored: bool = Field(False, description="also what .gitignore leaves out")


async def list_files(args: ListFilesArgs, context: ToolContext) -> ToolResult:
    return await in_thread(_list, context.workspace, args)


def _list(workspace: Workspace, args: ListFilesArgs) -> ToolResult:
    with workspace.open_directory(args.path) as directory:
        top = directory.parts
    tree = _collect(workspace, top, args)
    lines = _shown(workspace, tree, top, 0)
    if not lines:
        return ToolResult(output=f"[{display(top)} is empty]")
    full = len(lines) >= MAX_SHOWN
    notes = [f"[the first {MAX_SHOWN} entries, and there may be more: list a directory of it]"] if full else []
    return ToolResult(output="\n".join([*lines, *notes]), truncated=full)


def _collect(workspace: Workspace, top: tuple[str, ...], args: ListFilesArgs) -> Tree:
    """Breadth first: a large directory must not hide its neighbours."""
    tree: Tree = {}
    room = MAX_SHOWN
    todo: deque[tuple[tuple[str, ...], IgnoreRules, int]] = deque([(top, read_ignore_rules(workspace, top), 1)])
    while todo and room:
        parts, rules, depth = todo.popleft()
        try:
            with workspace.open_directory(parts) as directory:
                rules = rules.below(directory.fd, directory.parts)
                found = list_entries(workspace, directory, rules)
        except ToolError:
            continue
        if depth > 1 and not args.ignored:
            found = [entry for entry in found if not entry.ignored]
        tree[parts] = found[:room]
        room -= len(tree[parts])
        if depth < args.depth:
            todo += [
                (entry.parts, rules, depth + 1)
                for entry in tree[parts]
                if entry.kind == "directory" and (args.ignored or not entry.ignored)
            ]
    return tree


def _shown(workspace: Workspace, tree: Tree, parts: tuple[str, ...], level: int) -> list[str]:
    lines = []
    for entry in tree.get(parts, ()):
        lines.append("  " * level + _line(workspace, entry, opened=entry.parts in tree))
        lines += _shown(workspace, tree, entry.parts, level + 1)
    return lines


def _line(workspace: Workspace, entry: Entry, *, opened: bool) -> str:
    name = _printable(entry.name)
    if entry.kind == "directory":
        return f"{name}/" + (" (ignored)" if entry.ignored else "" if opened else " …")
    if entry.kind == "link":
        return f"{name} -> {_printable(_target(workspace, entry))}"
    if entry.kind == "other":
        return f"{name} (not a regular file)"
    marks = ["ignored"] if entry.ignored else []
    if entry.size >= LARGE_BYTES:
        marks.append(f"{entry.size / MIB:,.1f} MB")
    return name + (f" ({', '.join(marks)})" if marks else "")


def _target(workspace: Workspace, entry: Entry) -> str:
    try:
        with workspace.open_directory(entry.parts[:-1]) as directory:
            return os.readlink(entry.name, dir_fd=directory.fd)
    except (OSError, ToolError):
        return "?"


def _printable(name: str) -> str:
    """A name as text that is safe to send on: control characters and bytes that are no UTF-8 are escaped."""
    text = name.encode(errors="backslashreplace").decode()
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


LIST_FILES = Tool(
    name="list_files",
    description="List a directory as a tree; directories end in /, an unopened one in …",
    kind="read",
    Args=ListFilesArgs,
    run=list_files,
    labels=Labels(
        icon="list",
        doing="Listing",
        done="Listed",
        failed="Could not list",
        asking="list",
        target=("path",),
        target_hidden=(".",),
        details=(Detail("path", hidden=(".",), default="the project\u2019s files"),),
    ),
)
