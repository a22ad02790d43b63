"""Lists the entries of a workspace's directories, for listing and searching: what is ignored is marked, links are not
followed, `.git` and protected places do not appear."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tools.errors import ToolError
from tools.files.gitignore import IgnoreRules
from tools.files.workspace import OpenDirectory, Workspace

MAX_ENTRIES = 20_000
MAX_DEPTH = 64

EntryKind = Literal["directory", "file", "link", "other"]


@dataclass(frozen=True)
class Entry:
    """Describes one name in a directory. `size` is in bytes, for files."""

    parts: tuple[str, ...]
    kind: EntryKind
    ignored: bool
    size: int = 0

    @property
    def name(self) -> str:
        return self.parts[-1]


def read_ignore_rules(workspace: Workspace, parts: tuple[str, ...]) -> IgnoreRules:
    """Reads the ignore rules that hold in the directory at `parts`, its own included."""
    rules = IgnoreRules()
    for depth in range(len(parts) + 1):
        with workspace.open_directory(parts[:depth]) as directory:
            rules = rules.below(directory.fd, parts[:depth])
    return rules


def list_entries(workspace: Workspace, directory: OpenDirectory, rules: IgnoreRules) -> list[Entry]:
    """Lists what is in the directory, by name; the first 20,000 of a larger one."""
    found = []
    with os.scandir(directory.fd) as scan:
        for item in scan:
            parts = (*directory.parts, item.name)
            if not workspace.shows(parts):
                continue
            kind = _kind(item)
            ignored = rules.ignores(parts, directory=kind == "directory")
            found.append(Entry(parts, kind, ignored, _size(item) if kind == "file" else 0))
            if len(found) >= MAX_ENTRIES:
                break
    return sorted(found, key=lambda entry: (entry.name.casefold(), entry.name))


def walk_files(workspace: Workspace, parts: tuple[str, ...], rules: IgnoreRules | None = None) -> Iterator[Entry]:
    """Finds all files below a directory that are not ignored, depth first, directory by directory."""
    if rules is None:
        rules = read_ignore_rules(workspace, parts)
    elif len(parts) > MAX_DEPTH:
        return
    try:
        with workspace.open_directory(parts) as directory:
            rules = rules.below(directory.fd, directory.parts)
            found = list_entries(workspace, directory, rules)
    except ToolError:
        return
    for entry in found:
        if entry.kind == "file" and not entry.ignored:
            yield entry
    for entry in found:
        if entry.kind == "directory" and not entry.ignored:
            yield from walk_files(workspace, entry.parts, rules)


def _kind(item: os.DirEntry[str]) -> EntryKind:
    if item.is_symlink():
        return "link"
    if item.is_dir(follow_symlinks=False):
        return "directory"
    return "file" if item.is_file(follow_symlinks=False) else "other"


def _size(item: os.DirEntry[str]) -> int:
    try:
        return item.stat(follow_symlinks=False).st_size
    except OSError:
        return 0
