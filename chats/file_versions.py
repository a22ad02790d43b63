"""The time machine of a file: what it was at each checkpoint, and which tool call made it so."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings

from snapshots.comparing import compare, read_blobs
from snapshots.git import GitFailed
from snapshots.models import Checkpoint
from snapshots.placing import PlacingWorkspace
from snapshots.repository import Repository
from tools.builtin.run_command import RUN_COMMAND
from tools.errors import ToolError
from traces.facts import time_text
from traces.models import ToolTrace

from .models import Chat

TEXT_BYTES = 512 * 1024
LISTED = 500
PATH_ARGUMENTS = ("path", "source", "target", "from", "to")


def read(chat: Chat, path: str) -> list[dict[str, Any]]:
    """The versions of `path`, newest first: one for each checkpoint at which it was another than before.

    `by` is `agent`, `person` or `restore`; `before`: it is what the checkpoint's turn found. `trace` is the last
    call of the turn that changed the file: by what it named, or the turn's only command; null where one of several
    commands must have done it, or nobody of this chat.
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
            versions.append(_version(row, last, _maker(row), at=row.ended_at, before=False))
    _name_traces(chat, versions, path)
    return list(reversed(versions))


def changed_at(checkpoint: Checkpoint) -> list[dict[str, Any]] | None:
    """The files that the checkpoint's turn, or restore, changed, in order of path; None where they are not kept."""
    if not checkpoint.before or not checkpoint.tree:
        return None
    repository = Repository(checkpoint.project_id, checkpoint.project.root)
    try:
        changes = compare(repository, checkpoint.before, checkpoint.tree)
    except GitFailed:
        return None
    return [
        {"path": change.path, "status": change.status, "added": change.added, "removed": change.removed}
        for change in changes[:LISTED]
    ]


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
        "tool": None,
    }


def _maker(row: Checkpoint) -> str:
    if row.kind == Checkpoint.Kind.RESTORE:
        return "restore"
    return "agent" if row.before else "person"


def _name_traces(chat: Chat, versions: list[dict[str, Any]], path: str) -> None:
    turns = {version["turn"] for version in versions if version["turn"]}
    made = dict[str, tuple[str, str]]()
    commands = dict[str, list[tuple[str, str]]]()
    # Those with a start: what only reads has none.
    calls = ToolTrace.objects.filter(chat=chat, turn_id__in=list(turns)[:900], start__isnull=False).order_by("id")
    for pk, turn, tool, status, args, planned in calls.values_list(
        "id", "turn_id", "tool", "status", "input", "start__changes"
    ):
        if tool == RUN_COMMAND.name:
            commands.setdefault(str(turn), []).append((str(pk), tool))
        elif status == ToolTrace.Status.OK and _names(path, args, planned):
            made[str(turn)] = str(pk), tool
    for version in versions:
        ran = commands.get(version["turn"] or "", [])
        only = ran[0] if len(ran) == 1 else (None, None)
        version["trace"], version["tool"] = made.get(version["turn"] or "", only)


def _names(path: str, args: Any, planned: Iterable[Sequence[str | None]]) -> bool:
    """Whether the call is about the file, by what it was about to change or by its arguments."""
    given = [args.get(name) for name in PATH_ARGUMENTS] if isinstance(args, dict) else []
    named = [*given, *(change[0] for change in planned)]
    return any(str(name).removeprefix("./") == path for name in named if name)


def _text(data: bytes) -> str | None:
    if b"\0" in data[:8_192] or len(data) > TEXT_BYTES:
        return None
    return data.decode(errors="replace")


def _diff(now: str, then: str, path: str) -> str:
    lines = difflib.unified_diff(now.splitlines(), then.splitlines(), f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(lines)
