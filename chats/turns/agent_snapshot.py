"""Saves what a turn has done so far as its chat's agent snapshot. Inside the writer's transaction."""

from collections.abc import Sequence
from uuid import UUID

from boocode.db import plain_sql
from chats.models import Turn
from snapshots import agent_snapshots
from snapshots.models import AgentSnapshot

from .state import TurnState


def save_state(turn: Turn, status: str, state: TurnState, *, approvals: Sequence[UUID] = ()) -> AgentSnapshot:
    """Saves the turn's progress. `approvals` are the traces that wait for a person."""
    last = state.last_step
    message_id = str(last.message_id) if last else None
    data = {
        "turn": str(turn.pk),
        "status": status,
        "step": state.steps,
        "position": message_id,
        "message_id": message_id,
        "pending": list(state.pending_calls),
        "approvals": list(map(str, approvals)),
        "model": turn.model,
        "agent": turn.chat.agent,
    } | state.agent_state
    return agent_snapshots.save(turn.chat_id, data)


def save_end(turn: Turn, status: str, state: TurnState | None, position: UUID | None) -> AgentSnapshot:
    """Saves how the turn ended, and the last message of the conversation by then. Without a `state`, for a turn that no
    process worked on any more, the rest stays as it was."""
    if state is not None:
        snapshot = save_state(turn, status, state)
    else:
        before = AgentSnapshot.objects.filter(pk=turn.chat_id).first()
        kept = agent_snapshots.upgrade(before) if before else None
        if kept is None:
            snapshot = save_state(turn, status, TurnState(turn.steps))
        else:
            ended = {"turn": str(turn.pk), "status": status, "pending": [], "approvals": []}
            snapshot = agent_snapshots.save(turn.chat_id, kept | ended)
    snapshot.data["position"] = str(position) if position else None
    plain_sql.update(AgentSnapshot, turn.chat_id, {"data": snapshot.data})
    return snapshot
