"""Shows a person what changed since a call began that was cut off, and records whether it should run again."""

import os
from typing import Any, Literal

from django.contrib.auth.models import User

from chats.models import Turn
from snapshots.files.git import GitFailed
from snapshots.files.locks import Busy, workspace_lock
from snapshots.files.repository import Repository
from snapshots.files.tree_diff import FileChange, compare_trees
from snapshots.models import CallStart, Checkpoint
from traces.models import ToolTrace

from . import commands
from .interrupted_calls import RUNS_AGAIN

LISTED = 200
LOCK_S = 5.0
SLACK_S = 0.05
NOT_LOOKED_AT = "The folder was not looked at before the call, so what it changed can't be told."


class NotInterrupted(Exception):
    """Says why nothing is to be decided about the call."""


def read(trace: ToolTrace) -> dict[str, Any]:
    """Reads what a person decides on: `may_have_run`, the `decision` so far, and the `files` that changed since the
    call began, null where that can't be told, with a `note` that says why."""
    start = _start(trace)
    review: dict[str, Any] = {"may_have_run": start is not None, "decision": start.decision if start else ""}
    if start is None or start.decision:
        return review | {"files": None, "note": ""}
    try:
        return review | {"files": changes_since(trace), "note": ""}
    except (GitFailed, Busy) as error:
        return review | {"files": None, "note": str(error)}


def changes_since(trace: ToolTrace) -> list[dict[str, Any]]:
    """Finds the files that changed between the call's beginning and now, or its turn's end. A deleted file has no time:
    it is listed if the turn had found it. Raises GitFailed, Busy."""
    place = Checkpoint.objects.filter(turn_id=trace.turn_id).first()
    if place is None or not place.before:
        raise GitFailed(NOT_LOOKED_AT)
    workspace = trace.chat.workspace
    repository = Repository(workspace.pk, workspace.root)
    with workspace_lock(workspace.pk, LOCK_S):
        found = compare_trees(repository, place.before, place.tree or repository.capture_tree().tree)
    since = trace.started_at.timestamp() - SLACK_S
    later = [change for change in found if _changed_at(repository.root, change) >= since]
    return [
        {"path": change.path, "status": change.status, "added": change.added, "removed": change.removed}
        for change in later[:LISTED]
    ]


def decide(trace: ToolTrace, user: User, decision: Literal["again", "skip"]) -> Turn | None:
    """Records the decision: `again` has the model run the call again, in a turn of its own, which is returned; `skip`
    lets it be. Raises
    NotInterrupted where there is nothing to decide, or somebody was faster."""
    if _start(trace) is None:
        raise NotInterrupted("This call was not cut off, or it was run again since.")
    # A condition of the update, so that of two tabs one wins.
    if not CallStart.objects.filter(trace=trace, decision="").update(decision=decision):
        raise NotInterrupted("This was decided already.")
    if decision == "skip":
        return None
    text = f"The call that the restart interrupted: run it again.\n\n    {_words(trace)}"
    try:
        return commands.start_turn(trace.chat, user, text, request_id=f"again-{trace.pk}")[1]
    except BaseException:
        CallStart.objects.filter(trace=trace).update(decision="")
        raise


def _start(trace: ToolTrace) -> CallStart | None:
    """Finds the record of a call that had started when it was cut off, and was not simply run again."""
    if trace.status != ToolTrace.Status.INTERRUPTED or trace.output == RUNS_AGAIN:
        return None
    return CallStart.objects.filter(trace=trace).first()


def _words(trace: ToolTrace) -> str:
    args = trace.input if isinstance(trace.input, dict) else {}
    command = args.get("command")
    return " ".join(map(str, command)) if isinstance(command, list) else f"{trace.tool} {args.get('path', '')}".strip()


def _changed_at(root: str, change: FileChange) -> float:
    try:
        return os.lstat(os.path.join(os.fsencode(root), change.raw)).st_ctime
    except OSError:
        return float("inf")
