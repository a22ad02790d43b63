"""Where a turn stands, as its agent snapshot and its checkpoint tell it. Inside the writer's transaction."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from boocode import rows
from snapshots import checkpoints, store
from snapshots.models import AgentSnapshot
from traces.recorder import Step

from . import timeline
from .models import Turn


def save(
    turn: Turn,
    status: str,
    steps: int,
    last: Step | None,
    *,
    pending: Iterable[str] = (),
    approvals: Iterable[UUID] = (),
    kept: dict[str, Any] | None = None,
    spent: bool = False,
) -> AgentSnapshot:
    """Save the agent snapshot. `last` is the last step that ended, `pending` its calls that have not; with `spent` its
    tokens and cost are added to the chat's."""
    message_id = str(last.message_id) if last else None
    data = {
        "turn": str(turn.pk),
        "status": status,
        "step": steps,
        "position": message_id,
        "message_id": message_id,
        "pending": list(pending),
        "approvals": list(map(str, approvals)),
        "model": turn.model,
        "agent": turn.chat.agent,
        "prompt_tokens": last.prompt_tokens if last else None,
        "completion_tokens": last.completion_tokens if last else None,
    } | (kept or {})
    return store.save(turn.chat_id, data, _spent(last) if spent and last else None)


def end(project_id: UUID, turn: Turn, snapshot: AgentSnapshot | None, *, touched: bool, build: str = "") -> None:
    """Close the turn's checkpoint. Its row says by now how the turn ended."""
    position = timeline.last_message(turn.pk)
    if snapshot is not None:
        snapshot.data["position"] = str(position) if position else None
        rows.update(AgentSnapshot, turn.chat_id, {"data": snapshot.data})
    checkpoints.end(
        project_id,
        turn.chat_id,
        turn.pk,
        touched=touched,
        build=build,
        position=position,
        facts=timeline.facts_of(turn.pk),
        agent=snapshot.data if snapshot else {},
    )


def _spent(step: Step) -> dict[str, Any]:
    return {
        "prompt": step.prompt_tokens,
        "completion": step.completion_tokens,
        "cache": step.cache_tokens,
        "reasoning": step.reasoning_tokens,
        "cost_usd": step.cost_usd,
    }
