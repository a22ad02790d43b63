"""Reads from a call's arguments alone what it changes: lines added and removed, and files. Pure.

The rules are those of static/js/diff/call_changes.js: old and new text lie at the same place, so what they share at
both ends is not changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tools.files.unified_diff import changed_paths, count_changes, file_headers
from tools.labels import View

LineCounts = tuple[int | None, int | None]
"""Lines added and lines removed; None where they can't be counted."""


def count_lines(view: View, args: Any) -> LineCounts:
    """Counts the lines that a call changes whose arguments the page shows in this view."""
    if not isinstance(args, Mapping):
        return None, None
    match view:
        case "content":
            return len(str(args.get("content") or "").splitlines()), 0
        case "replacement":
            edits = args.get("edits")
            pairs = [edit for edit in (edits if isinstance(edits, list) else [args]) if isinstance(edit, Mapping)]
            counts = [_count_replacement(pair) for pair in pairs]
            return sum(added for added, _ in counts), sum(removed for _, removed in counts)
        case "patch":
            patch = str(args.get("patch") or "")
            return count_changes(patch) if any(file_headers(patch.split("\n"))) else (None, None)
    return None, None


def patched_paths(view: View, args: Any) -> list[str] | None:
    """Names the files that a call's patch names; None where it has no patch."""
    patch = args.get("patch") if view == "patch" and isinstance(args, Mapping) else None
    return changed_paths(patch) if isinstance(patch, str) else None


def _count_replacement(edit: Mapping[str, Any]) -> tuple[int, int]:
    old, new = (str(edit.get(name) or "").splitlines() for name in ("old", "new"))
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    return len(new) - head - tail, len(old) - head - tail


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
