"""Takes a chat, its files or both back to a checkpoint.

The restoration's row is a journal: `planned` before anything changes, `files` once it is decided what will change,
`done`. A process that dies in the middle leaves a row that another process finishes (see `recover`), under the
workspace's lock, which dies with its holder.
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

from chats.models import Chat, SessionLog, Turn
from chats.models.turn import ACTIVE
from chats.stream import log, writer
from chats.stream.frames import AgentSnapshotFrame, Logged, MessagesDeleted, WorkspaceChanged
from chats.turns import status
from snapshots import agent_snapshots, checkpoints
from snapshots.files.git import GitFailed
from snapshots.files.locks import Busy, workspace_lock
from snapshots.files.repository import Repository
from snapshots.files.restore import RestoreFailed, apply_changes, plan_restore, select_changes
from snapshots.files.tree_diff import compare_trees, make_patches
from snapshots.files.tree_writer import TreeWriter
from snapshots.models import Checkpoint, Restoration

from . import branches

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
class RestoreRequest:
    """What the person wants restored. `paths` are the only files to restore, all where it is empty; `overwrite` are
    conflicts to restore all the same; `before` means the files as the checkpoint's turn found them."""

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


def preview(chat: Chat, request: RestoreRequest) -> dict[str, Any]:
    """Returns what `restore` would do, with the first 1,000 messages and files. Raises Refused."""
    _check_allowed(chat, request)
    hides, shows = branches.find_switched_messages(request.checkpoint) if request.conversation else ([], [])
    told: dict[str, Any] = {
        "checkpoint": str(request.checkpoint.pk),
        "scope": request.scope,
        "messages": {"hidden": list(map(str, hides[:LISTED])), "hidden_count": len(hides), "shown_count": len(shows)},
        "files": [],
        "files_count": 0,
        "conflicts": 0,
        "left_out": [],
    }
    if not request.files:
        return told
    repository, workspace = _open_workspace(chat)
    try:
        with workspace_lock(chat.workspace_id, LOCK_S):
            taken = repository.capture_tree()
            plan = plan_restore(repository, workspace, taken.tree, request.checkpoint, request.tree, request.paths)
            kept = set(plan.list_kept(request.overwrite, request.overwrite_all))
            diffs = make_patches(repository, taken.tree, request.tree, plan.changes[:LISTED])
    except (GitFailed, Busy) as error:
        raise Refused(str(error)) from None
    told["files_count"], told["conflicts"] = len(plan.changes), len(plan.conflicts)
    told["left_out"] = sorted({item.path for item in taken.left_out} | set(plan.beside))[:LISTED]
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


def restore(chat: Chat, user: User, request: RestoreRequest) -> Restoration:
    """Restores, with a checkpoint before, by which it can be undone. Raises Refused, and then nothing has changed."""
    _check_allowed(chat, request)
    try:
        with workspace_lock(chat.workspace_id, LOCK_S):
            restoration = _open(chat, user, request)
            try:
                _plan(chat, restoration, request)
                return _finish(restoration)
            except (GitFailed, RestoreFailed) as error:
                _close(restoration, State.FAILED, str(error))
                raise Refused(f"{error} Nothing was changed.") from None
    except Busy as error:
        raise Refused(str(error)) from None


def recover() -> None:
    """Finishes the restores that a dead process left half done, and drops the ones that were only planned. Blocks."""
    for restoration in Restoration.objects.filter(state__in=Restoration.OPEN).select_related("workspace__project"):
        try:
            with workspace_lock(restoration.workspace_id, wait_s=0):
                restoration.refresh_from_db()
                if restoration.state == State.PLANNED:
                    _close(restoration, State.FAILED, "The server stopped before anything was changed.")
                elif restoration.state == State.FILES:
                    _finish(restoration)
        except Busy:
            continue  # another process is at it
        except (GitFailed, RestoreFailed) as error:
            logger.exception("Restoration %s was given up", restoration.pk)
            _close(restoration, State.FAILED, str(error))


def is_open(chat_id: UUID) -> bool:
    """Tells whether the chat's project is being restored: no turn may begin then."""
    return Restoration.objects.filter(workspace__chats=chat_id, state__in=Restoration.OPEN).exists()


def _check_allowed(chat: Chat, request: RestoreRequest) -> None:
    """Raises Refused where turns are in the way, or the checkpoint has not what is wanted."""
    if Turn.objects.filter(chat=chat, status__in=(Turn.Status.QUEUED, *ACTIVE)).exists():
        raise Refused("The agent is at work in this chat. Stop it first.", running=chat.pk)
    at_work = Turn.objects.filter(chat__workspace=chat.workspace_id, status__in=ACTIVE)
    if request.files and (turn := at_work.select_related("chat").first()):
        name = f"Another chat of this project, “{turn.chat.name}”, is at work on the files."
        raise Refused(f"{name} Wait for it, or stop it.", running=turn.chat_id)
    if request.checkpoint.ended_at is None:
        raise Refused("This turn has not ended.")
    if request.files and not request.tree:
        why = request.checkpoint.note or "They are not taken yet; try again in a moment."
        raise Refused(f"This checkpoint has no files. {why}")


def _open(chat: Chat, user: User, request: RestoreRequest) -> Restoration:
    with transaction.atomic():
        # Under the log's lock no turn of the chat begins: claiming one takes it, too. One of another session that slips
        # through waits for the workspace's lock before its first change (see snapshots/capture.py).
        log.lock([chat.session_id])
        _check_allowed(chat, request)
        if Restoration.objects.filter(workspace=chat.workspace_id, state__in=Restoration.OPEN).exists():
            raise Refused("Another restore of this project has not ended.")
        return Restoration.objects.create(
            workspace_id=chat.workspace_id,
            chat=chat,
            user=user,
            checkpoint=request.checkpoint,
            scope=request.scope,
            tree=request.tree,
            paths=list(request.paths),
        )


def _plan(chat: Chat, restoration: Restoration, request: RestoreRequest) -> None:
    """Makes the checkpoint before, and decides which files stay as they are."""
    now = timezone.now()
    place = checkpoints.find_head(chat.pk)
    undo = Checkpoint(workspace_id=chat.workspace_id, chat=chat, kind=Kind.UNDO, parent=place, ended_at=now)
    if place is not None:
        undo.position, undo.agent = place.position, place.agent
    undo.files = Checkpoint.Files.NONE
    if request.files:
        repository, workspace = _open_workspace(chat)
        taken = repository.capture_tree()
        repository.hold_tree(taken.tree)
        undo.tree, undo.files = taken.tree, Checkpoint.Files.KEPT
        plan = plan_restore(repository, workspace, taken.tree, request.checkpoint, request.tree, request.paths)
        restoration.kept = plan.list_kept(request.overwrite, request.overwrite_all)
    with transaction.atomic():
        undo.save(force_insert=True)
        restoration.undo, restoration.state = undo, State.FILES
        restoration.save(update_fields=["undo", "kept", "state"])


def _finish(restoration: Restoration) -> Restoration:
    """Does what was decided. Whatever of it is done already stays done. Raises GitFailed, RestoreFailed."""
    target, undo, chat = restoration.checkpoint, restoration.undo, restoration.chat
    assert undo is not None
    result = Checkpoint(workspace_id=restoration.workspace_id, chat=chat, kind=Kind.RESTORE, ended_at=timezone.now())
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
        repository, workspace = _open_workspace(chat)
        repository.check_folder()
        changes = select_changes(
            compare_trees(repository, undo.tree, restoration.tree), restoration.paths, restoration.kept
        )
        left = apply_changes(repository, workspace, changes)
        restoration.kept = sorted({*restoration.kept, *left})
        taken = repository.capture_tree()
        repository.hold_tree(taken.tree)
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
    frames: list[Logged] = []
    if conversation:
        hides, _ = branches.switch_to(result)
        # Clients hold a history that is no longer true: in another epoch they ask for the new one.
        row.new_epoch()
        SessionLog.objects.filter(pk=row.pk).update(epoch=row.epoch, first_epoch=row.first_epoch)
        frames.append(MessagesDeleted(message_ids=hides, chat_id=chat.pk))
        snapshot = agent_snapshots.save(chat.pk, result.agent) if result.agent else None
        if snapshot is None:
            agent_snapshots.delete(chat.pk)
        else:
            shown = agent_snapshots.add_usage(chat.pk, snapshot.data)
            frames.append(AgentSnapshotFrame(chat_id=chat.pk, snapshot=shown))
        frames += status.show_chat(chat.pk)
    if paths:
        frames.append(WorkspaceChanged(project_id=restoration.workspace.project_id, paths=paths[:LISTED]))
    writer.append(chat.session_id, frames)
    restoration.result = result
    _close(restoration, State.DONE, "")


def _close(restoration: Restoration, state: str, error: str) -> None:
    restoration.state, restoration.error, restoration.finished_at = state, error, timezone.now()
    restoration.save()


def _open_workspace(chat: Chat) -> tuple[Repository, TreeWriter]:
    root = chat.workspace.root
    return Repository(chat.workspace_id, root), TreeWriter(root, protected=[settings.DATA_DIR])
