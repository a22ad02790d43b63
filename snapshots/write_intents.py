"""What a call is about to do to files, written down before it does: after a crash a look at the files tells whether it
was done, is to be done, or somebody else came in between. Blocking."""

import hashlib
from typing import Any, Literal
from uuid import UUID

from boocode.db import plain_sql
from tools.base import RawArgs, Tool
from tools.errors import ToolError
from tools.files.changes import Content, Unread
from tools.files.workspace import Workspace

from .models import CallStart

Planned = list[tuple[str, str | None, str | None]]
"""Path, and the digest of its content before and after; None is "no such file", `*` is whatever there is."""
Outcome = Literal["done", "to do", "conflict"]

ANY = "*"
DIGEST_BYTES = 16 * 1024 * 1024


def plan(tool: Tool[Any], args: RawArgs, workspace: Workspace) -> Planned:
    """What the call would change; nothing where it would fail."""
    changes = tool.changes(args, workspace)
    return [(change.path, _digest(change.before), _digest(change.after)) for change in changes]


def record(trace_id: UUID, planned: Planned) -> None:
    """Write down that the call starts, inside the writer's transaction."""
    plain_sql.insert(CallStart(trace_id=trace_id, changes=planned), replacing=("changes",))


def has_started(trace_id: UUID) -> bool:
    return CallStart.objects.filter(trace_id=trace_id).exists()


def outcome(trace_id: UUID, tool: Tool[Any], args: RawArgs, workspace: Workspace) -> tuple[Outcome, list[str]]:
    """What became of an interrupted call, and the files it is about."""
    row = CallStart.objects.filter(trace_id=trace_id).first()
    if row is None or not row.changes:
        return "to do", []  # it is written down before anything happens
    found = [_now(workspace, path) for path, _, _ in row.changes]
    paths = [path for path, _, _ in row.changes]
    if all(_same(now, after) for now, (_, _, after) in zip(found, row.changes, strict=True)):
        return "done", paths
    untouched = all(_same(now, before) for now, (_, before, _) in zip(found, row.changes, strict=True))
    # Stored arguments may lack what was masked in them: then they are not what the model meant.
    if untouched and [list(change) for change in plan(tool, args, workspace)] == row.changes:
        return "to do", paths
    return "conflict", paths


def _now(workspace: Workspace, path: str) -> str | None:
    try:
        return _digest(workspace.read_or_none(path, DIGEST_BYTES))
    except ToolError:
        return ANY if workspace.contains(path) else None


def _same(now: str | None, expected: str | None) -> bool:
    return now is not None if expected == ANY else now == expected


def _digest(content: Content) -> str | None:
    if isinstance(content, Unread):
        return ANY
    return None if content is None else hashlib.sha256(content).hexdigest()
