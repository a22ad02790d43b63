"""After a call that was cut off and may have run: what changed since it began, and what the person makes of it."""

import os
from typing import Any

from django.contrib.auth.models import User

from snapshots.comparing import FileChange, compare
from snapshots.git import GitFailed
from snapshots.locks import Busy, project_lock
from snapshots.models import Checkpoint
from snapshots.repository import Repository
from traces.models import ToolTrace

from . import turns
from .models import Turn

LISTED = 200
LOCK_S = 5.0
SLACK_S = 0.05


class NotInterrupted(Exception):
    """The call was not cut off: nothing is to be decided."""


def changes_since(trace: ToolTrace) -> list[dict[str, Any]]:
    """Files that changed between the call's beginning and now, or its turn's end. A deleted file has no time: it is
    listed if the turn had found it."""
    place = Checkpoint.objects.filter(turn_id=trace.turn_id).first()
    if place is None or not place.before:
        return []
    project = trace.chat.session.project
    repository = Repository(project.pk, project.root)
    try:
        with project_lock(project.pk, LOCK_S):
            tree = place.tree or repository.take().tree
            found = compare(repository, place.before, tree)
    except (GitFailed, Busy):
        return []
    since = trace.started_at.timestamp() - SLACK_S
    later = [change for change in found if _changed_at(repository.root, change) >= since]
    return [
        {"path": change.path, "status": change.status, "added": change.added, "removed": change.removed}
        for change in later[:LISTED]
    ]


def run_again(trace: ToolTrace, user: User) -> Turn:
    """Have the model run the call again, in a turn of its own. Raises NotInterrupted."""
    if trace.status != ToolTrace.Status.INTERRUPTED:
        raise NotInterrupted("This call was not interrupted.")
    args = trace.input if isinstance(trace.input, dict) else {}
    words = args.get("command")
    what = " ".join(map(str, words)) if isinstance(words, list) else f"{trace.tool} {args.get('path', '')}".strip()
    text = f"The call that the restart interrupted: run it again.\n\n    {what}"
    _, turn = turns.start_turn(trace.chat, user, text, request_id=f"again-{trace.pk}")
    return turn


def _changed_at(root: str, change: FileChange) -> float:
    try:
        return os.lstat(os.path.join(os.fsencode(root), change.raw)).st_ctime
    except OSError:
        return float("inf")
