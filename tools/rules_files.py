"""The files in which a project tells agents its rules: those of the root whole, those further down by name."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from tools.errors import ToolError
from tools.ignoring import Rules
from tools.paths import display
from tools.tree import Entry, entries
from tools.workspace import Workspace

NAMES = ("AGENTS.md", "CLAUDE.md", ".cursorrules")
FILE_BYTES = 12 * 1024
READ_BYTES = 1024 * 1024
MAX_DIRECTORIES = 150
MAX_DEPTH = 3
MAX_NAMED = 20


@dataclass(frozen=True)
class RulesFile:
    """`text` is its beginning; `cut` says how many bytes are left out."""

    path: str
    text: str
    cut: int = 0


@dataclass(frozen=True)
class RulesFiles:
    """`below` are the paths of those that hold for a directory only."""

    root: tuple[RulesFile, ...] = ()
    below: tuple[str, ...] = ()


def read_rules_files(workspace: Workspace) -> RulesFiles:
    """What there is; the same text under two names counts once."""
    found: dict[str, RulesFile] = {}
    for name in NAMES:
        with suppress(ToolError):
            data = workspace.read(name, READ_BYTES)
            text = data[:FILE_BYTES].decode(errors="ignore" if len(data) > FILE_BYTES else "replace").strip()
            if text:
                found.setdefault(text, RulesFile(name, text, max(0, len(data) - FILE_BYTES)))
    return RulesFiles(tuple(found.values()), tuple(_below(workspace)))


def _below(workspace: Workspace) -> list[str]:
    """By breadth, as far as it is quick: it is done at each turn."""
    todo: list[tuple[tuple[str, ...], Rules]] = [((), Rules())]
    found: list[str] = []
    for _ in range(MAX_DIRECTORIES):
        if not todo or len(found) >= MAX_NAMED:
            break
        parts, rules = todo.pop(0)
        try:
            with workspace.open_directory(parts) as directory:
                rules = rules.below(directory.fd, directory.parts)
                listed = entries(workspace, directory, rules)
        except ToolError:
            continue
        kept = [entry for entry in listed if not entry.ignored]
        if parts:
            found += [display(entry.parts) for entry in kept if _is_rules_file(entry)]
        if len(parts) < MAX_DEPTH:
            todo += [(entry.parts, rules) for entry in kept if entry.kind == "directory" and entry.name[0] != "."]
    return found[:MAX_NAMED]


def _is_rules_file(entry: Entry) -> bool:
    return entry.kind == "file" and entry.name in NAMES
