"""Reads the files in which a project instructs agents: those of the root whole, those further down by name."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from tools.errors import ToolError
from tools.files.gitignore import IgnoreRules
from tools.files.paths import display
from tools.files.tree import Entry, list_entries
from tools.files.workspace import Workspace

NAMES = ("AGENTS.md", "CLAUDE.md", ".cursorrules")
FILE_BYTES = 12 * 1024
READ_BYTES = 1024 * 1024
MAX_DIRECTORIES = 150
MAX_DEPTH = 3
MAX_NAMED = 20


@dataclass(frozen=True)
class InstructionFile:
    """`text` is its beginning; `cut` says how many bytes are left out."""

    path: str
    text: str
    cut: int = 0


@dataclass(frozen=True)
class ProjectInstructions:
    """`below` are the paths of those that hold for a directory only."""

    root: tuple[InstructionFile, ...] = ()
    below: tuple[str, ...] = ()


def read_instructions(workspace: Workspace) -> ProjectInstructions:
    """Reads what there is; the same text under two names counts once."""
    found: dict[str, InstructionFile] = {}
    for name in NAMES:
        with suppress(ToolError):
            data = workspace.read(name, READ_BYTES)
            text = data[:FILE_BYTES].decode(errors="ignore" if len(data) > FILE_BYTES else "replace").strip()
            if text:
                found.setdefault(text, InstructionFile(name, text, max(0, len(data) - FILE_BYTES)))
    return ProjectInstructions(tuple(found.values()), tuple(_below(workspace)))


def _below(workspace: Workspace) -> list[str]:
    """By breadth, as far as it is quick: it is done at each turn."""
    todo: list[tuple[tuple[str, ...], IgnoreRules]] = [((), IgnoreRules())]
    found: list[str] = []
    for _ in range(MAX_DIRECTORIES):
        if not todo or len(found) >= MAX_NAMED:
            break
        parts, rules = todo.pop(0)
        try:
            with workspace.open_directory(parts) as directory:
                rules = rules.below(directory.fd, directory.parts)
                listed = list_entries(workspace, directory, rules)
        except ToolError:
            continue
        kept = [entry for entry in listed if not entry.ignored]
        if parts:
            found += [display(entry.parts) for entry in kept if _is_instruction_file(entry)]
        if len(parts) < MAX_DEPTH:
            todo += [(entry.parts, rules) for entry in kept if entry.kind == "directory" and entry.name[0] != "."]
    return found[:MAX_NAMED]


def _is_instruction_file(entry: Entry) -> bool:
    return entry.kind == "file" and entry.name in NAMES
