"""Plans changes of files as values, shows them as a diff, and makes them, all or none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final

from tools.base import ToolResult
from tools.errors import ToolError
from tools.files.unified_diff import make_diff
from tools.files.workspace import Workspace

EDITABLE_BYTES = 8 * 1024 * 1024


class Unread(Enum):
    """Stands for a content that was not read: that of a directory or a large file, say."""

    UNREAD = "unread"


UNREAD: Final = Unread.UNREAD
Content = bytes | None | Unread
"""The bytes of a file; None is "no such file"."""


@dataclass(frozen=True)
class Change:
    """Holds one file before and after. `note` is what else the model should know."""

    path: str
    before: Content
    after: Content
    note: str = ""

    @cached_property
    def diff(self) -> str:
        """Makes the unified diff, with `/dev/null` for a file that is not there; empty where a side was not read."""
        if isinstance(self.before, Unread) or isinstance(self.after, Unread):
            return ""
        return make_diff(self.path, self.before, self.after)

    @property
    def added(self) -> int:
        """Counts the lines that are new."""
        return self._count("+")

    @property
    def removed(self) -> int:
        """Counts the lines that are gone."""
        return self._count("-")

    def _count(self, sign: str) -> int:
        return sum(line.startswith(sign) for line in self.diff.split("\n")[2:])

    def summary(self) -> str:
        """Says in a line what was done: `Edited src/app.py: +3 -1.`"""
        verb = "Created" if self.before is None else "Deleted" if self.after is None else "Edited"
        if self.before == self.after:
            return f"{self.path} has this content already; nothing changed."
        return f"{verb} {self.path}: +{self.added} -{self.removed}." + (f" {self.note}" if self.note else "")


def make_changes(workspace: Workspace, changes: Sequence[Change]) -> ToolResult:
    """Makes all changes, or none: what was written before one failed is put back. Raises ToolError."""
    done: list[Change] = []
    try:
        for change in changes:
            if change.before != change.after:
                _write(workspace, change.path, change.after)
                done.append(change)
    except ToolError:
        for change in reversed(done):
            with suppress(ToolError):
                _write(workspace, change.path, change.before)
        raise
    return ToolResult(
        output="\n".join(change.summary() for change in changes),
        full_output="".join(change.diff for change in done).encode(),
        changed_paths=tuple(change.path for change in done),
    )


def _write(workspace: Workspace, path: str, content: Content) -> None:
    if isinstance(content, Unread):
        raise ToolError(f"The content of {path} is not known.")
    if content is None:
        workspace.remove(path)
    else:
        workspace.write(path, content)
