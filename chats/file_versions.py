"""The time machine of a file: what it was at each checkpoint, and which tool call made it so."""

import difflib
from typing import Any

from django.conf import settings

from snapshots.comparing import read_blobs
from snapshots.git import GitFailed
from snapshots.models import Checkpoint
from snapshots.placing import PlacingWorkspace
from snapshots.repository import Repository
from tools.errors import ToolError
from traces.facts import time_text
from traces.models import ToolTrace

from .models import Chat

TEXT_BYTES = 512 * 1024
PATH_ARGUMENTS = ("path", "source", "target", "from", "to")


def read(chat: Chat, path: str) -> list[dict[str, Any]]:
    """The versions of `path`, newest first: one for each checkpoint at which it was another than before.

    `by` is `agent` or `person`; `before`: it is what the checkpoint's turn found. `trace` is the last call of the turn
    that named the file, null where a command must have changed it, or nobody of this chat.
    """
    repository = Repository(chat.session.project_id, chat.session.project.root)
    rows = [row for row in Checkpoint.objects.filter(chat=chat, ended_at__isnull=False).order_by("id") if row.tree]
    trees = list(dict.fromkeys(tree for row in rows for tree in (row.before, row.tree) if tree))
    blobs = _blobs(repository, trees, path)
    versions, last = list[dict[str, Any]](), None
    for row in rows:
        found = blobs.get(row.before) if row.before else last
        if found != last:
            versions.append(_version(row, found, "person", at=row.created_at, before=bool(row.before)))
        last = blobs.get(row.tree)
        if last != found:
            versions.append(_version(row, last, "agent" if row.before else "person", at=row.ended_at, before=False))
    _name_traces(chat, versions, path)
    return list(reversed(versions))


def content(chat: Chat, tree: str, path: str) -> dict[str, Any] | None:
    """The file then, and the diff from now to then. None where the tree has no such file."""
    repository = Repository(chat.session.project_id, chat.session.project.root)
    blob = _blobs(repository, [tree], path).get(tree) if tree else None
    if blob is None:
        return None
    ((_, data),) = read_blobs(repository, [blob[1]])
    then = _text(data)
    workspace = PlacingWorkspace(chat.session.project.root, protected=[settings.DATA_DIR])
    try:
        now = _text(workspace.read_or_none(path, TEXT_BYTES) or b"")
    except ToolError:
        now = None
    diff = None if then is None or now is None else _diff(now, then, path)
    return {"path": path, "bytes": len(data), "text": then, "diff_from_now": diff}


def _blobs(repository: Repository, trees: list[str], path: str) -> dict[str, tuple[str, str] | None]:
    """Mode and blob of the file in each tree."""
    asked = "".join(f"{tree}:{path}\n" for tree in trees)
    if "\n" in path or not trees:
        return {}
    try:
        answers = repository.git(
            "cat-file", "--batch-check=%(objecttype) %(objectname)", input=asked.encode()
        ).splitlines()
    except GitFailed:
        return {}
    found = dict[str, tuple[str, str] | None]()
    for tree, answer in zip(trees, answers, strict=True):
        kind, _, blob = answer.decode(errors="replace").partition(" ")
        found[tree] = (kind, blob) if kind == "blob" else None
    return found


def _version(row: Checkpoint, blob: tuple[str, str] | None, by: str, at: Any, before: bool) -> dict[str, Any]:
    return {
        "checkpoint": str(row.pk),
        "before": before,
        "turn": str(row.turn_id) if row.turn_id and by == "agent" else None,
        "kind": row.kind,
        "at": time_text(at),
        "exists": blob is not None,
        "blob": blob[1] if blob else None,
        "by": by,
        "title": row.facts.get("title", ""),
        "trace": None,
    }


def _name_traces(chat: Chat, versions: list[dict[str, Any]], path: str) -> None:
    turns = {version["turn"] for version in versions if version["turn"]}
    made = dict[str, str]()
    calls = ToolTrace.objects.filter(chat=chat, turn_id__in=list(turns)[:900], status=ToolTrace.Status.OK).order_by(
        "id"
    )
    for pk, turn, args in calls.values_list("id", "turn_id", "input"):
        if isinstance(args, dict) and any(
            str(args.get(name, "")).removeprefix("./") == path for name in PATH_ARGUMENTS
        ):
            made[str(turn)] = str(pk)
    for version in versions:
        version["trace"] = made.get(version["turn"] or "")


def _text(data: bytes) -> str | None:
    if b"\0" in data[:8_192] or len(data) > TEXT_BYTES:
        return None
    return data.decode(errors="replace")


def _diff(now: str, then: str, path: str) -> str:
    lines = difflib.unified_diff(now.splitlines(), then.splitlines(), f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(lines)
