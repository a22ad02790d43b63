"""Checkpoints: a place to come back to at each turn's end. Sync.

`begin` and `end` write rows; `fill` looks at the files, which takes longer and so happens beside the turn: as it
begins, awaited before its first call that may change a file, and right after its end. Whoever comes first fills all
that is open, so that a process that dies in between leaves no hole: nothing can have changed but by the person.
"""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from . import quota
from .comparing import compare
from .git import GitFailed
from .locks import Busy, project_lock
from .models import Checkpoint
from .repository import Repository, Taken

Files = Checkpoint.Files


def head(chat_id: UUID) -> Checkpoint | None:
    """Where the chat's conversation stands."""
    return Checkpoint.objects.filter(chat_id=chat_id, ended_at__isnull=False).order_by("-id").first()


@transaction.atomic(savepoint=False)
def begin(project_id: UUID, chat_id: UUID, turn_id: UUID) -> Checkpoint:
    """The turn's checkpoint, open; the same again where the turn was begun before. The first turn makes the place
    before it, too."""
    if existing := Checkpoint.objects.filter(turn_id=turn_id).first():
        return existing
    parent = head(chat_id) or Checkpoint.objects.create(
        project_id=project_id, chat_id=chat_id, kind=Checkpoint.Kind.START, ended_at=timezone.now()
    )
    made, _ = Checkpoint.objects.get_or_create(
        turn_id=turn_id, defaults={"project_id": project_id, "chat_id": chat_id, "parent": parent}
    )
    return made


def end(project_id: UUID, chat_id: UUID, turn_id: UUID, *, touched: bool, build: str = "", **place: Any) -> Checkpoint:
    """Close the turn's checkpoint, inside the transaction that ends the turn. `place`: position, facts, agent.
    A turn that `touched` nothing leaves the files as it found them."""
    row = begin(project_id, chat_id, turn_id)
    for name, value in (place | {"build": build, "ended_at": timezone.now()}).items():
        setattr(row, name, value)
    if not touched and row.before:
        row.tree, row.files = row.before, Files.KEPT
        row.changed = row.added = row.removed = 0
    row.save()
    return row


def fill(project_id: UUID, root: str, turn_id: UUID | None = None, *, anew: bool = False) -> None:
    """Take the tree for what is open: checkpoints that ended without one, and what the turn `turn_id` found; `anew`
    also where that is known. Blocks for as long as it takes to look at the files. Raises Busy."""
    with project_lock(project_id):
        open_rows = Checkpoint.objects.filter(project_id=project_id, files=Files.PENDING)
        pending = list(open_rows.filter(ended_at__isnull=False))
        beginning = open_rows.filter(turn=turn_id, ended_at=None) if turn_id else open_rows.none()
        beginning = beginning if anew else beginning.filter(before="")
        if not pending and not beginning.exists():
            return
        repository = Repository(project_id, root)
        try:
            taken = repository.take()
            repository.keep(taken.tree)
        except GitFailed as error:
            _without_files(pending, beginning, str(error))
            return
        _with_files(pending, beginning, taken)
    for row in pending:
        _count_lines(repository, row)
    quota.enforce(project_id, repository)


def _with_files(pending: list[Checkpoint], beginning: QuerySet[Checkpoint], taken: Taken) -> None:
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
        changes = compare(repository, row.before, row.tree)
    except GitFailed:
        return
    Checkpoint.objects.filter(pk=row.pk).update(
        changed=len(changes),
        added=sum(change.added or 0 for change in changes),
        removed=sum(change.removed or 0 for change in changes),
    )


def unfilled() -> list[tuple[UUID, str]]:
    """Projects, with their folders, that have checkpoints which ended and still lack their files."""
    rows = Checkpoint.objects.filter(files=Files.PENDING, ended_at__isnull=False)
    return list(rows.values_list("project_id", "project__root").distinct().order_by())


def forget(project_id: UUID) -> None:
    """Remove the files kept for a project that is no more. Blocks."""
    try:
        with project_lock(project_id, wait_s=10):
            Repository(project_id, "/").forget()
    except Busy:
        return
