"""Taking a chat, its files or both back to a checkpoint.

The restoration's row is a journal: `planned` before anything changes, `files` once it is decided what will, `done`. A
process that dies in the middle leaves a row that another one finishes (see `recover`), under the project's lock, which
dies with its holder.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from snapshots import checkpoints, store
from snapshots import restoring as files
from snapshots.comparing import compare, patches
from snapshots.git import GitFailed
from snapshots.locks import Busy, project_lock
from snapshots.models import Checkpoint, Restoration
from snapshots.placing import PlacingWorkspace
from snapshots.repository import Repository

from . import branches, events, log, wire
from .models import Chat, SessionLog, Turn
from .models.turn import ACTIVE

logger = logging.getLogger(__name__)

LOCK_S = 20.0
LISTED = 1_000
PATHS_TOLD = 20
State, Scope, Kind = Restoration.State, Restoration.Scope, Checkpoint.Kind


class Refused(Exception):
    """A restore that is not possible now; the text says why. `running`: the chat whose turns are in the way."""

    def __init__(self, why: str, *, running: UUID | None = None) -> None:
        super().__init__(why)
        self.running = running


@dataclass(frozen=True)
class Wish:
    """What the person wants restored. `paths`: only these files; `overwrite`: conflicts to restore all the same;
    `before`: the files as the checkpoint's turn found them."""

    checkpoint: Checkpoint
    scope: str
    paths: Sequence[str] = ()
    overwrite: Sequence[str] = ()
    overwrite_all: bool = False
    before: bool = False

    @property
    def files(self) -> bool:
        return self.scope != Scope.CONVERSATION

    @property
    def tree(self) -> str:
        return self.checkpoint.before if self.before else self.checkpoint.tree

    @property
    def conversation(self) -> bool:
        return self.scope != Scope.FILES


def preview(chat: Chat, wish: Wish) -> dict[str, Any]:
    """What `restore` would do. Raises Refused."""
    _refuse(chat, wish)
    hides, shows = branches.hidden_by(wish.checkpoint) if wish.conversation else ([], [])
    told: dict[str, Any] = {
        "checkpoint": str(wish.checkpoint.pk),
        "scope": wish.scope,
        "messages": {"hidden": list(map(str, hides[:LISTED])), "hidden_count": len(hides), "shown_count": len(shows)},
        "files": [],
        "files_count": 0,
        "conflicts": 0,
        "left_out": [],
    }
    if not wish.files:
        return told
    repository, workspace = _folder(chat)
    try:
        with project_lock(chat.session.project_id, LOCK_S):
            taken = repository.take()
            plan = files.plan(repository, workspace, taken.tree, wish.checkpoint, wish.tree, wish.paths)
            kept = set(plan.kept(wish.overwrite, wish.overwrite_all))
            diffs = patches(repository, taken.tree, wish.tree, plan.changes[:LISTED])
    except (GitFailed, Busy) as error:
        raise Refused(str(error)) from None
    told["files_count"], told["conflicts"] = len(plan.changes), len(plan.conflicts)
    told["left_out"] = [item.path for item in taken.left_out]
    told["files"] = [
        {
            "path": change.path,
            "status": change.status,
            "added": change.added,
            "removed": change.removed,
            "diff": diffs.get(change.raw),
            "conflict": plan.conflicts.get(change.path),
            "can_overwrite": change.path not in plan.fixed,
            "kept": change.path in kept,
        }
        for change in plan.changes[:LISTED]
    ]
    return told


def restore(chat: Chat, user: User, wish: Wish) -> Restoration:
    """Do it, with a checkpoint before, by which it can be undone. Raises Refused; then nothing has changed."""
    _refuse(chat, wish)
    try:
        with project_lock(chat.session.project_id, LOCK_S):
            restoration = _open(chat, user, wish)
            try:
                _plan(chat, restoration, wish)
                return _finish(restoration)
            except (GitFailed, files.RestoreFailed) as error:
                _close(restoration, State.FAILED, str(error))
                raise Refused(f"{error} Nothing was changed.") from None
    except Busy as error:
        raise Refused(str(error)) from None


def recover() -> None:
    """Finish what a process left half done that died: what was only planned is dropped. Blocks."""
    for restoration in Restoration.objects.filter(state__in=Restoration.OPEN).select_related("project"):
        try:
            with project_lock(restoration.project_id, wait_s=0):
                restoration.refresh_from_db()
                if restoration.state == State.PLANNED:
                    _close(restoration, State.FAILED, "The server stopped before anything was changed.")
                elif restoration.state == State.FILES:
                    _finish(restoration)
        except Busy:
            continue  # somebody is at it
        except (GitFailed, files.RestoreFailed) as error:
            logger.exception("Restoration %s was given up", restoration.pk)
            _close(restoration, State.FAILED, str(error))


def is_open(chat_id: UUID) -> bool:
    """Whether the chat's project is being restored: no turn is to begin then."""
    return Restoration.objects.filter(project__sessions__chats=chat_id, state__in=Restoration.OPEN).exists()


def _refuse(chat: Chat, wish: Wish) -> None:
    if Turn.objects.filter(chat=chat, status__in=(Turn.Status.QUEUED, *ACTIVE)).exists():
        raise Refused("The agent is at work in this chat. Stop it first.", running=chat.pk)
    at_work = Turn.objects.filter(chat__session__project_id=chat.session.project_id, status__in=ACTIVE)
    if wish.files and (turn := at_work.select_related("chat").first()):
        name = f"Another chat of this project, “{turn.chat.name}”, is at work on the files."
        raise Refused(f"{name} Wait for it, or stop it.", running=turn.chat_id)
    if wish.checkpoint.ended_at is None:
        raise Refused("This turn has not ended.")
    if wish.files and not wish.tree:
        why = wish.checkpoint.note or "They are not taken yet; try again in a moment."
        raise Refused(f"This checkpoint has no files. {why}")


def _open(chat: Chat, user: User, wish: Wish) -> Restoration:
    with transaction.atomic():
        # Under the log's lock no turn of the chat begins: claiming one takes it, too. One of another session that slips
        # through waits for the project's lock before its first change (see snapshots/taking.py).
        log.lock([chat.session_id])
        _refuse(chat, wish)
        if Restoration.objects.filter(project=chat.session.project_id, state__in=Restoration.OPEN).exists():
            raise Refused("Another restore of this project has not ended.")
        return Restoration.objects.create(
            project_id=chat.session.project_id,
            chat=chat,
            user=user,
            checkpoint=wish.checkpoint,
            scope=wish.scope,
            tree=wish.tree,
            paths=list(wish.paths),
        )


def _plan(chat: Chat, restoration: Restoration, wish: Wish) -> None:
    """Take the checkpoint before, and decide what stays as it is."""
    project_id, now = chat.session.project_id, timezone.now()
    place = checkpoints.head(chat.pk)
    undo = Checkpoint(project_id=project_id, chat=chat, kind=Kind.UNDO, parent=place, ended_at=now)
    if place is not None:
        undo.position, undo.agent = place.position, place.agent
    undo.files = Checkpoint.Files.NONE
    if wish.files:
        repository, workspace = _folder(chat)
        taken = repository.take()
        repository.keep(taken.tree)
        undo.tree, undo.files = taken.tree, Checkpoint.Files.KEPT
        plan = files.plan(repository, workspace, taken.tree, wish.checkpoint, wish.tree, wish.paths)
        restoration.kept = plan.kept(wish.overwrite, wish.overwrite_all)
    with transaction.atomic():
        undo.save(force_insert=True)
        restoration.undo, restoration.state = undo, State.FILES
        restoration.save(update_fields=["undo", "kept", "state"])


def _finish(restoration: Restoration) -> Restoration:
    """From the decision to the end. Whatever of it is done already stays done. Raises GitFailed, RestoreFailed."""
    target, undo, chat = restoration.checkpoint, restoration.undo, restoration.chat
    assert undo is not None
    result = Checkpoint(project_id=restoration.project_id, chat=chat, kind=Kind.RESTORE, ended_at=timezone.now())
    conversation = restoration.scope != Scope.FILES
    origin = target if conversation else undo
    result.parent, result.position, result.agent = origin, origin.position, origin.agent
    result.facts = {
        "checkpoint": str(target.pk),
        "of": target.kind,
        "scope": restoration.scope,
        "title": target.facts.get("title", ""),
        "paths": restoration.paths[:PATHS_TOLD],
        "undo": str(undo.pk),
    }
    result.files = Checkpoint.Files.NONE
    paths = list[str]()
    if restoration.scope != Scope.CONVERSATION:
        repository, workspace = _folder(chat)
        repository.check_folder()
        changes = files.chosen(compare(repository, undo.tree, restoration.tree), restoration.paths, restoration.kept)
        left = files.apply(repository, workspace, changes)
        restoration.kept = sorted({*restoration.kept, *left})
        taken = repository.take()
        repository.keep(taken.tree)
        result.before, result.tree, result.files = undo.tree, taken.tree, Checkpoint.Files.KEPT
        result.changed = len(changes) - len(left)
        result.added = sum(change.added or 0 for change in changes)
        result.removed = sum(change.removed or 0 for change in changes)
        paths = [change.path for change in changes]
    _commit(restoration, result, paths, conversation=conversation)
    return restoration


@transaction.atomic
def _commit(restoration: Restoration, result: Checkpoint, paths: list[str], *, conversation: bool) -> None:
    chat = restoration.chat
    row = log.lock([chat.session_id])[chat.session_id]
    result.save(force_insert=True)
    frames: list[wire.Logged] = []
    if conversation:
        hides, _ = branches.go_to(result)
        # Clients hold a history that is no longer true: in another epoch they ask for the new one.
        row.new_epoch()
        SessionLog.objects.filter(pk=row.pk).update(epoch=row.epoch, first_epoch=row.first_epoch)
        frames.append(wire.MessagesDeleted(message_ids=hides, chat_id=chat.pk))
        Chat.objects.filter(pk=chat.pk).update(status=Chat.Status.IDLE)
        snapshot = store.save(chat.pk, result.agent) if result.agent else None
        if snapshot is None:
            store.delete(chat.pk)
        else:
            frames.append(wire.AgentSnapshot(chat_id=chat.pk, snapshot=snapshot.data))
        frames.append(wire.AgentStatusUpdated(chat_id=chat.pk, status="idle"))
    if paths:
        frames.append(wire.WorkspaceChanged(project_id=restoration.project_id, paths=paths[:LISTED]))
    events.append(chat.session_id, frames)
    restoration.result = result
    _close(restoration, State.DONE, "")


def _close(restoration: Restoration, state: str, error: str) -> None:
    restoration.state, restoration.error, restoration.finished_at = state, error, timezone.now()
    restoration.save()


def _folder(chat: Chat) -> tuple[Repository, PlacingWorkspace]:
    project = chat.session.project
    return Repository(project.pk, project.root), PlacingWorkspace(project.root, protected=[settings.DATA_DIR])
