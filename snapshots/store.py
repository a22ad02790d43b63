"""Agent snapshots: where each chat's agent stands, one row a chat. Pointers and sums, so that its size and its cost do
not grow with the chat. Sync; `save` belongs inside the transaction that ends a turn or a step.

Format 2 has: turn, status, step, position (the last message), message_id (of the last step), pending (call ids),
approvals (traces that wait), totals (tokens, cost_usd, unpriced_steps, steps), model, agent, prompt_tokens,
completion_tokens, and what tools keep (`todo`, `build`). Format 1 lacked position, pending, approvals, totals, agent.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from boocode import rows

from .models import AgentSnapshot

Data = dict[str, Any]
NOTHING_SPENT: Data = {
    "prompt": 0,
    "completion": 0,
    "cache": 0,
    "reasoning": 0,
    "cost_usd": None,
    "unpriced_steps": 0,
    "steps": 0,
}


class UnknownFormat(Exception):
    """The snapshot can't be read; the text is a sentence for the person."""


def save(chat_id: UUID, data: Data, spent: Mapping[str, Any] | None = None) -> AgentSnapshot:
    """Upsert. `spent` is what a step used; it is added to the totals, which stay otherwise."""
    found = rows.fetch(f"SELECT data, format FROM {AgentSnapshot._meta.db_table} WHERE chat_id = %s", chat_id)
    totals = dict(NOTHING_SPENT)
    for text, format in found:
        if (before := _today(json.loads(text), format)) is not None:
            totals |= before["totals"]
    if "totals" not in data:
        data = data | {"totals": _added(totals, spent) if spent else totals}
    row = AgentSnapshot(chat_id=chat_id, data=data, updated_at=timezone.now())
    if not found:
        return rows.insert(row)
    rows.update(AgentSnapshot, chat_id, {"data": data, "format": row.format, "updated_at": row.updated_at})
    row._state.adding = False
    return row


def load(chat_id: UUID) -> Data | None:
    """The snapshot in today's format. Raises UnknownFormat; the chat opens from its messages all the same."""
    row = AgentSnapshot.objects.filter(pk=chat_id).first()
    if row is None:
        return None
    if (data := readable(row)) is None:
        raise UnknownFormat(
            f"This snapshot has the format {row.format}, and this BooCode reads those up to {AgentSnapshot.FORMAT}. "
            "The chat opens from its messages; its next turn writes a new one."
        )
    return data


def readable(row: AgentSnapshot) -> Data | None:
    """A row's data in today's format, None where there is no way from its own."""
    return _today(row.data, row.format)


def _today(data: Data, format: int) -> Data | None:
    while format != AgentSnapshot.FORMAT:
        if format not in MIGRATIONS:
            return None
        data, format = MIGRATIONS[format](data), format + 1
    return data


def delete(chat_id: UUID) -> bool:
    """Whether there was one."""
    return bool(AgentSnapshot.objects.filter(chat_id=chat_id).delete()[0])


def _added(totals: Data, spent: Mapping[str, Any]) -> Data:
    cost, known = spent.get("cost_usd"), totals["cost_usd"]
    sums = {name: totals[name] + (spent.get(name) or 0) for name in ("prompt", "completion", "cache", "reasoning")}
    return sums | {
        "cost_usd": known if cost is None else (known or 0) + float(cost),
        "unpriced_steps": totals["unpriced_steps"] + (cost is None),
        "steps": totals["steps"] + 1,
    }


def _from_1(data: Data) -> Data:
    added: Data = {
        "position": data.get("message_id"),
        "pending": [],
        "approvals": [],
        "totals": NOTHING_SPENT,
        "agent": "",
    }
    return added | data


MIGRATIONS: dict[int, Callable[[Data], Data]] = {1: _from_1}
