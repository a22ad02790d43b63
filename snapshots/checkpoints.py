"""Writes checkpoints: a place to come back to at each turn's end. Sync.

`begin` and `end` write rows; `capture_open` looks at the files, which takes longer and so happens beside the turn: as
it begins, awaited before its first call that may change a file, and right after its end. The first process that
captures fills all rows that are open, so that a process that dies in between leaves no hole: only the person can have
changed anything.
"""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from chats.models import Workspace
from snapshots.files.git import GitFailed
from snapshots.files.locks import Busy, workspace_lock
from snapshots.files.renames import compare_with_renames
from snapshots.files.repository import CapturedTree, Repository

from .files import quota
from .models import Checkpoint

Files = Checkpoint.Files


def find_head(chat_id: UUID) -> Checkpoint | None:
    """Returns the checkpoint at which the chat's conversation stands, None before its first turn."""
    return Checkpoint.objects.filter(chat_id=chat_id, ended_at__isnull=False).order_by("-id").first()


@transaction.atomic(savepoint=False)
def begin(workspace_id: UUID, chat_id: UUID, turn_id: UUID) -> Checkpoint:
    """Opens the turn's checkpoint, and returns the same again where the turn was begun before. The first turn of a chat
    makes the checkpoint before it, too."""
    if existing := Checkpoint.objects.filter(turn_id=turn_id).first():
        return existing
    parent = find_head(chat_id) or Checkpoint.objects.create(
        workspace_id=workspace_id, chat_id=chat_id, kind=Checkpoint.Kind.START, ended_at=timezone.now()
    )
    made, _ = Checkpoint.objects.get_or_create(
        turn_id=turn_id, defaults={"workspace_id": workspace_id, "chat_id": chat_id, "parent": parent}
    )
    return made


def end(
    workspace_id: UUID, chat_id: UUID, turn_id: UUID, *, touched: bool, build: str = "", **place: Any
) -> Checkpoint:
    """Closes the turn's checkpoint, inside the transaction that ends the turn. `place` holds its columns position,
    facts and agent. A turn that `touched` nothing leaves the files as it found them."""
    row = begin(workspace_id, chat_id, turn_id)
    for name, value in (place | {"build": build, "ended_at": timezone.now()}).items():
        setattr(row, name, value)
    if not touched and row.before:
        row.tree, row.files = row.before, Files.KEPT
        row.changed = row.added = row.removed = 0
    row.save()
    return row


def capture_open(workspace_id: UUID, root: str, turn_id: UUID | None = None, *, anew: bool = False) -> None:
    """Captures one tree for all that is open: checkpoints that ended without one, and what the turn `turn_id` found;
    with `anew` also where that is known. Blocks for as long as it takes to look at the files. Raises Busy."""
    with workspace_lock(workspace_id):
        open_rows = Checkpoint.objects.filter(workspace_id=workspace_id, files=Files.PENDING)
        pending = list(open_rows.filter(ended_at__isnull=False))
        beginning = open_rows.filter(turn=turn_id, ended_at=None) if turn_id else open_rows.none()
        beginning = beginning if anew else beginning.filter(before="")
        if not pending and not beginning.exists():
            return
        repository = Repository(workspace_id, root)
        try:
            taken = repository.capture_tree()
            repository.hold_tree(taken.tree)
        except GitFailed as error:
            _without_files(pending, beginning, str(error))
            return
        _with_files(pending, beginning, taken)
    for row in pending:
        _count_lines(repository, row)
    quota.enforce(workspace_id, repository)


def _with_files(pending: list[Checkpoint], beginning: QuerySet[Checkpoint], taken: CapturedTree) -> None:
    left_out = {"left_out": [asdict(item) for item in taken.left_out], "left_out_count": taken.left_out_count}
    rows = Checkpoint.objects.filter(pk__in=[row.pk for row in pending])
    with transaction.atomic():
        rows.update(tree=taken.tree, files=Files.KEPT, **left_out)
        beginning.update(before=taken.tree)
    for row in pending:
        row.tree = taken.tree


def _without_files(pending: list[Checkpoint], beginning: QuerySet[Checkpoint], why: str) -> None:
    Checkpoint.objects.filter(pk__in=[row.pk for row in pending]).update(files=Files.NONE, note=why)
    beginning.update(note=why)


def _count_lines(repository: Repository, row: Checkpoint) -> None:
    if row.kind != Checkpoint.Kind.TURN or not row.before or not row.tree:
        return
    try:
        changes = compare_with_renames(repository, row.before, row.tree)
    except GitFailed:
        return
    Checkpoint.objects.filter(pk=row.pk).update(
        changed=len(changes),
        added=sum(change.added or 0 for change in changes),
        removed=sum(change.removed or 0 for change in changes),
    )


def find_uncaptured() -> list[tuple[UUID, str]]:
    """Returns the workspaces, with their folders, that have checkpoints which ended and still lack their files."""
    rows = Checkpoint.objects.filter(files=Files.PENDING, ended_at__isnull=False)
    workspaces = Workspace.objects.filter(pk__in=rows.values("workspace_id")).select_related("project")
    return [(workspace.pk, workspace.root) for workspace in workspaces]


def delete_files(workspace_id: UUID) -> None:
    """Removes the files kept for a workspace that was deleted. Blocks for 10 s at most."""
    try:
        with workspace_lock(workspace_id, wait_s=10):
            Repository(workspace_id, "/").delete()
    except Busy:
        return
