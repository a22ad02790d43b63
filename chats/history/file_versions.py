"""Reads the history of a file: what it was at each checkpoint, and which tool call made it so."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings

from boocode.db.json_rows import to_json
from chats.models import Chat
from snapshots.files.git import GitFailed
from snapshots.files.renames import compare_with_renames, make_diff_with_renames
from snapshots.files.repository import Repository
from snapshots.files.tree_diff import compare_trees, read_blobs
from snapshots.files.tree_writer import TreeWriter
from snapshots.models import Checkpoint
from tools.errors import ToolError
from tools.files.unified_diff import is_binary, make_diff
from tools.registry import TOOLS
from traces.models import ToolTrace

TEXT_BYTES = 512 * 1024
LISTED = 500


def read_versions(chat: Chat, path: str) -> list[dict[str, Any]]:
    """Reads the versions of `path`, newest first: one for each checkpoint at which it was another than before.

    `by` is `agent`, `person` or `restore`; `before` says that it is what the checkpoint's turn found. `trace` is the
    last call of the turn that changed the file: one that named it, or the turn's only command. It is None where one of
    several commands must have done it, or nobody in this chat.
    """
    repository = _open_repository(chat)
    rows = [row for row in Checkpoint.objects.filter(chat=chat, ended_at__isnull=False).order_by("id") if row.tree]
    trees = list(dict.fromkeys(tree for row in rows for tree in (row.before, row.tree) if tree))
    blobs = _find_blobs(repository, trees, path)
    versions, last = list[dict[str, Any]](), None
    for row in rows:
        found = blobs.get(row.before) if row.before else last
        if found != last:
            versions.append(_encode_version(row, found, "person", at=row.created_at, before=bool(row.before)))
        last = blobs.get(row.tree)
        if last != found:
            versions.append(_encode_version(row, last, _who_made(row), at=row.ended_at, before=False))
    _add_traces(chat, versions, path)
    return list(reversed(versions))


def read_changes(checkpoint: Checkpoint) -> list[dict[str, Any]] | None:
    """Reads which files the checkpoint's turn, or restore, changed, in order of path; None where they are not kept."""
    if not checkpoint.before or not checkpoint.tree:
        return None
    repository = Repository(checkpoint.workspace_id, checkpoint.workspace.root)
    try:
        changes = compare_trees(repository, checkpoint.before, checkpoint.tree)
    except GitFailed:
        return None
    return [change.encode() for change in changes[:LISTED]]


def read_turn(checkpoint: Checkpoint) -> dict[str, Any] | None:
    """Reads what the checkpoint's turn changed as one diff, renames as renames; None where it is not kept."""
    if not checkpoint.before or not checkpoint.tree:
        return None
    repository = Repository(checkpoint.workspace_id, checkpoint.workspace.root)
    try:
        changes = compare_with_renames(repository, checkpoint.before, checkpoint.tree)
        diff, cut = make_diff_with_renames(repository, checkpoint.before, checkpoint.tree)
    except GitFailed:
        return None
    return {"files": [change.encode() for change in changes[:LISTED]], "diff": diff, "cut": cut}


def read_content(chat: Chat, tree: str, path: str) -> dict[str, Any] | None:
    """Reads the file then, and the diff from now to then. Returns None where the tree has no such file."""
    repository = _open_repository(chat)
    blob = _find_blobs(repository, [tree], path).get(tree) if tree else None
    if blob is None:
        return None
    ((_, data),) = read_blobs(repository, [blob[1]])
    then = _decode(data)
    workspace = TreeWriter(chat.workspace.root, protected=[settings.DATA_DIR])
    try:
        now = _decode(workspace.read_or_none(path, TEXT_BYTES) or b"")
    except ToolError:
        now = None
    diff = None if then is None or now is None else _make_diff_of_lines(path, now, then)
    return {"path": path, "bytes": len(data), "text": then, "diff_from_now": diff}


def _make_diff_of_lines(path: str, now: str, then: str) -> str:
    """Returns the unified diff without its last line's end. How the files end their lines makes no difference."""
    before, after = ("".join(f"{line}\n" for line in text.splitlines()).encode() for text in (now, then))
    return make_diff(path, before, after).removesuffix("\n")


def _open_repository(chat: Chat) -> Repository:
    return Repository(chat.workspace_id, chat.workspace.root)


def _find_blobs(repository: Repository, trees: list[str], path: str) -> dict[str, tuple[str, str] | None]:
    """Returns by tree the kind and the id of what lies at the path, None where that is no file."""
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


def _encode_version(row: Checkpoint, blob: tuple[str, str] | None, by: str, at: Any, before: bool) -> dict[str, Any]:
    return {
        "checkpoint": str(row.pk),
        "before": before,
        "turn": str(row.turn_id) if row.turn_id and by == "agent" else None,
        "kind": row.kind,
        "at": to_json(at),
        "exists": blob is not None,
        "blob": blob[1] if blob else None,
        "by": by,
        "title": row.facts.get("title", ""),
        "trace": None,
        "tool": None,
    }


def _who_made(row: Checkpoint) -> str:
    if row.kind == Checkpoint.Kind.RESTORE:
        return "restore"
    return "agent" if row.before else "person"


def _add_traces(chat: Chat, versions: list[dict[str, Any]], path: str) -> None:
    """Writes into each version which call made it."""
    turns = {version["turn"] for version in versions if version["turn"]}
    made = dict[str, tuple[str, str]]()
    commands = dict[str, list[tuple[str, str]]]()
    # Those with a start: what only reads has none.
    calls = ToolTrace.objects.filter(chat=chat, turn_id__in=list(turns)[:900], start__isnull=False).order_by("id")
    for pk, turn, name, status, args, planned in calls.values_list(
        "id", "turn_id", "tool", "status", "input", "start__changes"
    ):
        tool = TOOLS.get(name)
        if tool is not None and tool.starts_program:
            commands.setdefault(str(turn), []).append((str(pk), name))
        elif status == ToolTrace.Status.OK and _names(path, tool.paths(args) if tool else [], planned):
            made[str(turn)] = str(pk), name
    for version in versions:
        ran = commands.get(version["turn"] or "", [])
        only = ran[0] if len(ran) == 1 else (None, None)
        version["trace"], version["tool"] = made.get(version["turn"] or "", only)


def _names(path: str, touched: Sequence[str], planned: Iterable[Sequence[str | None]]) -> bool:
    """Tells whether the call is about the file, by what it was about to change or by its arguments."""
    named = [*touched, *(change[0] for change in planned)]
    return any(str(name).removeprefix("./") == path for name in named)


def _decode(data: bytes) -> str | None:
    """Returns the text, None for what is binary or too long."""
    if is_binary(data) or len(data) > TEXT_BYTES:
        return None
    return data.decode(errors="replace")
