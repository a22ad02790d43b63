"""Changes of files as values: planned first, shown as a diff, then made, all or none."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from tools.base import ToolResult
from tools.errors import ToolError
from tools.workspace import Workspace

EDITABLE_BYTES = 8 * 1024 * 1024
DIFF_LINES = 5_000


@dataclass(frozen=True)
class Change:
    """One file before and after; None is "no such file". `note` is what else the model should know."""

    path: str
    before: bytes | None
    after: bytes | None
    note: str = ""

    @cached_property
    def diff(self) -> str:
        """The unified diff, with `/dev/null` for a file that is not there."""
        old, new = _lines(self.before), _lines(self.after)
        names = (
            "/dev/null" if self.before is None else f"a/{self.path}",
            "/dev/null" if self.after is None else f"b/{self.path}",
        )
        if b"\0" in (self.before or b"")[:8_192] + (self.after or b"")[:8_192]:
            return f"Binary files {names[0]} and {names[1]} differ\n"
        if len(old) + len(new) > 2 * DIFF_LINES:
            return _one_hunk(names, old, new)
        lines = difflib.unified_diff(old, new, *names)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    @property
    def added(self) -> int:
        """Lines that are new."""
        return sum(line.startswith("+") for line in self._body())

    @property
    def removed(self) -> int:
        """Lines that are gone."""
        return sum(line.startswith("-") for line in self._body())

    def _body(self) -> list[str]:
        return self.diff.split("\n")[2:]

    def summary(self) -> str:
        """`Edited src/app.py: +3 -1.`"""
        verb = "Created" if self.before is None else "Deleted" if self.after is None else "Edited"
        if self.before == self.after:
            return f"{self.path} has this content already; nothing changed."
        return f"{verb} {self.path}: +{self.added} -{self.removed}." + (f" {self.note}" if self.note else "")


def make(workspace: Workspace, changes: Sequence[Change]) -> ToolResult:
    """Make all changes, or none: what was written before one failed is put back. Raises ToolError."""
    done: list[Change] = []
    try:
        for change in changes:
            if change.before != change.after:
                _set(workspace, change.path, change.after)
                done.append(change)
    except ToolError:
        for change in reversed(done):
            with suppress(ToolError):
                _set(workspace, change.path, change.before)
        raise
    return ToolResult(
        output="\n".join(change.summary() for change in changes),
        full_output="".join(change.diff for change in done).encode(),
        changed_paths=tuple(change.path for change in done),
    )


def _set(workspace: Workspace, path: str, data: bytes | None) -> None:
    if data is None:
        workspace.remove(path)
    else:
        workspace.write(path, data)


def _lines(data: bytes | None) -> list[str]:
    # Only "\n" ends a line here: difflib and git agree on no other.
    text = (data or b"").decode(errors="replace")
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _one_hunk(names: tuple[str, str], old: list[str], new: list[str]) -> str:
    """A diff in linear time, for files that difflib would take minutes for: what lies between the first and the
    last line that differ, as one hunk."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    head = f"--- {names[0]}\n+++ {names[1]}\n@@ -{start + 1},{len(gone)} +{start + 1},{len(come)} @@\n"
    lines = [f"-{line}" for line in gone] + [f"+{line}" for line in come]
    return head + "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
