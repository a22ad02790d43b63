"""What an edit's arguments say that it changes. Pure. The rules are those of static/js/ui/linediff.js."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

NO_FILE = "/dev/null"


def changed_lines(tool: str, input: Any) -> tuple[int | None, int | None]:
    """How many lines an edit adds and removes; None for what is no edit. Old and new text lie at the same place, so
    what they share at both ends is not changed."""
    if not isinstance(input, dict):
        return None, None
    if tool == "write_file":
        return len(str(input.get("content") or "").splitlines()), 0
    if tool == "apply_patch":
        return _patched_lines(str(input.get("patch") or ""))
    if tool != "edit_file":
        return None, None
    edits = input.get("edits")
    counts = [_difference(edit) for edit in (edits if isinstance(edits, list) else [input]) if isinstance(edit, dict)]
    return sum(added for added, _ in counts), sum(removed for _, removed in counts)


def _difference(edit: dict[str, Any]) -> tuple[int, int]:
    old, new = (str(edit.get(name) or "").splitlines() for name in ("old", "new"))
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    return len(new) - head - tail, len(old) - head - tail


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def patched_paths(patch: str) -> list[str]:
    """The files that a unified diff changes, in its order."""
    return [name for old, new in _heads(patch.splitlines()) if (name := _name(new) or _name(old))]


def _heads(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The two lines that begin each file."""
    return ((old, new) for old, new in pairwise(lines) if old.startswith("--- ") and new.startswith("+++ "))


def _name(head: str) -> str:
    name = head[4:].split("\t")[0].strip().strip('"')
    return "" if name == NO_FILE else name.removeprefix("a/" if head.startswith("-") else "b/")


def _patched_lines(patch: str) -> tuple[int | None, int | None]:
    lines = patch.splitlines()
    files = len(list(_heads(lines)))
    if not files:
        return None, None
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return added - files, removed - files
