"""What a call would change, before it does: for who is asked about it, and for the record of what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.builtin import apply_patch, edit_file, write_file
from tools.changes import EDITABLE_BYTES, Change
from tools.errors import ToolError
from tools.registry import TOOLS
from tools.workspace import Workspace

PREVIEW_CHARS = 64 * 1024


def planned(tool: str, args: Mapping[str, Any] | str, workspace: Workspace) -> list[Change]:
    """The changes that a call of a tool which writes text would make. Raises ToolError, ValueError, OSError."""
    parsed: Any = TOOLS[tool].parsed(args)
    match tool:
        case "write_file":
            return [write_file.plan(workspace, parsed)]
        case "edit_file":
            return [edit_file.plan(workspace, parsed)]
        case "apply_patch":
            return apply_patch.plan(workspace, parsed)
    return []


def preview(tool: str, args: Mapping[str, Any] | str, workspace: Workspace) -> str:
    """The unified diff of what the call would do, its beginning where it is long; empty where there is none to show."""
    try:
        if tool == "delete_file":
            path = TOOLS[tool].parsed(args).path
            changes = [Change(path, workspace.read(path, EDITABLE_BYTES), None)]
        else:
            changes = planned(tool, args, workspace)
    except (ToolError, ValueError, OSError, KeyError):  # KeyError: the check is no tool of a model's
        return ""
    return "".join(change.diff for change in changes)[:PREVIEW_CHARS]
