"""Ends a turn that was begun, in the one way that there is for every end: done, failed, stopped or given up."""

from typing import Any

from django.utils import timezone

from chats.history import timeline
from chats.models import Message, SessionLog, Turn
from chats.stream import frames, log
from snapshots import agent_snapshots, checkpoints
from traces.record import recorder

from . import agent_snapshot, status
from .messages import Frames, add_system_message
from .state import TurnState

MESSAGE_ENDS = {
    Turn.Status.COMPLETE: Message.Status.INTERRUPTED,
    Turn.Status.FAILED: Message.Status.FAILED,
    Turn.Status.CANCELLED: Message.Status.CANCELLED,
}
"""What becomes of a message that nobody ended before its turn ends: there is one only where BooCode itself failed."""


def end_turn(
    turn: Turn,
    row: SessionLog,
    end: Turn.Status,
    *,
    error: str = "",
    note: str = "",
    state: TurnState | None = None,
) -> Frames:
    """Changes the turn's row, its chat's status, the agent snapshot and the checkpoint, in the writer's transaction.

    `note` becomes a message that tells the person why. Without a `state` nobody knows what the turn changed.
    """
    emitted = close_messages(turn, row, MESSAGE_ENDS[end], error)
    emitted += add_system_message(turn, row.pk, note) if note else []
    files = sorted(state.changed_paths) if state else []
    shown = status.end_turns(turn.chat_id, [turn.pk], end, error, files)
    position = timeline.find_last_message(turn.pk)
    snapshot = agent_snapshot.save_end(turn, end, state, position)
    checkpoints.end(
        turn.chat.workspace_id,
        turn.chat_id,
        turn.pk,
        touched=state is None or state.touched,
        build=state.check if state else "",
        position=position,
        facts=timeline.describe_turn(turn.pk),
        agent=snapshot.data,
    )
    if state is not None and (state.changed_paths or state.ran_commands):
        project_id = turn.chat.workspace.project_id
        emitted.append(frames.WorkspaceChanged(project_id=project_id, paths=files))
    shown_snapshot = agent_snapshots.add_usage(turn.chat_id, snapshot.data)
    emitted.append(frames.AgentSnapshotFrame(chat_id=turn.chat_id, snapshot=shown_snapshot))
    return [*emitted, *shown]


def close_messages(turn: Turn, row: SessionLog, end: Message.Status, error: str = "") -> Frames:
    """Ends the step in which the model still speaks: it keeps its text. One that is `interrupted` is asked again, and
    the model is not told of it. In the writer's transaction."""
    emitted: Frames = []
    for message in turn.messages.filter(status=Message.Status.STREAMING):
        text, reasoning, _ = log.read_streamed_text(message.session_id, message.pk, message.start_ord, message.last_seq)
        message.content += text
        message.last_seq = row.heads.get("text", 0)
        message.metadata = {"reasoning": reasoning} if reasoning else {}
        if end == Message.Status.FAILED:
            message.metadata |= {"error": error, "reason": "internal"}
        message.status, message.finished_at = end, timezone.now()
        message.save()
        recorder.step_cut(message.pk, end, error)
        about: dict[str, Any] = {"chat_id": turn.chat_id, "message_id": message.pk}
        if end == Message.Status.FAILED:
            emitted.append(frames.ErrorDelta(**about, error=error, reason="internal"))
        about |= {"status": end.value, "finished_at": message.finished_at}
        emitted += [frames.StatusDelta(**about), frames.MessageComplete(**about)]
    return emitted
