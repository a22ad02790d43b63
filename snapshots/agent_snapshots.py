"""Saves and reads agent snapshots: where each chat's agent stands, one row for each chat. A row holds pointers, so that
its size and the cost of saving it do not grow with the chat. Sync; `save` belongs inside the transaction that ends a
turn or a step.

A snapshot has: turn, status, step, position (the last message), message_id (of the last step), pending (call ids),
approvals (traces that wait), model, agent, and what tools keep (`todo`, `build`). What was used is read from the steps
and the turns when the snapshot is shown: totals (tokens, cost_usd in dollars, unpriced_steps, steps) of the
conversation, prompt_tokens and completion_tokens of the last step.

Today's format is 3. In the formats 1 and 2 the row itself held what was used, which is shown as it stands there; format
1 lacked position, pending, approvals, totals and agent.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.utils import timezone

from boocode.db import plain_sql
from chats.models import Message
from traces.models import ModelStep, TurnSummary

from .models import AgentSnapshot

Data = dict[str, Any]


class UnknownFormat(Exception):
    """The snapshot can't be read; the text is a sentence for the person."""


def save(chat_id: UUID, data: Data) -> AgentSnapshot:
    """Writes the chat's snapshot over the one before."""
    row = AgentSnapshot(chat_id=chat_id, data=data, updated_at=timezone.now())
    if not plain_sql.fetch(f"SELECT 1 FROM {AgentSnapshot._meta.db_table} WHERE chat_id = %s", chat_id):
        return plain_sql.insert(row)
    plain_sql.update(AgentSnapshot, chat_id, {"data": data, "format": row.format, "updated_at": row.updated_at})
    row._state.adding = False
    return row


def load(chat_id: UUID) -> Data | None:
    """Returns the snapshot as it is shown, None where there is none. Raises UnknownFormat; the chat opens from its
    messages all the same."""
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
    """Returns a row's snapshot as it is shown, None where its format can't be read."""
    data = upgrade(row)
    return None if data is None else add_usage(row.chat_id, data)


def add_usage(chat_id: UUID, data: Data) -> Data:
    """Returns the snapshot with what the conversation and its last step used."""
    if "totals" in data:
        return data
    message_id = data.get("message_id")
    found = plain_sql.fetch(_LAST_STEP, UUID(message_id)) if message_id else []
    prompt_tokens, completion_tokens = found[0] if found else (None, None)
    last = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    return last | data | {"totals": _read_totals(chat_id)}


def delete(chat_id: UUID) -> bool:
    """Deletes the chat's snapshot. Returns whether there was one."""
    return bool(AgentSnapshot.objects.filter(chat_id=chat_id).delete()[0])


_LAST_STEP = f"SELECT prompt_tokens, completion_tokens FROM {ModelStep._meta.db_table} WHERE message_id = %s"

# A turn that was taken back has hidden messages, the first of them included.
_TOTALS = f"""
    SELECT SUM(prompt_tokens), SUM(completion_tokens), SUM(cache_tokens), SUM(reasoning_tokens), SUM(cost_usd),
        SUM(unpriced), SUM(steps)
    FROM {TurnSummary._meta.db_table} AS summary
    WHERE chat_id = %s AND (
        SELECT hidden_at FROM {Message._meta.db_table} AS message
        WHERE message.chat_id = summary.chat_id AND message.turn_id = summary.turn_id ORDER BY message.id LIMIT 1
    ) IS NULL
"""


def _read_totals(chat_id: UUID) -> Data:
    """Adds up what the turns of the conversation used, without those that were taken back."""
    [(*tokens, cost_usd, unpriced, steps)] = plain_sql.fetch(_TOTALS, chat_id)
    counted = dict(zip(("prompt", "completion", "cache", "reasoning"), (int(n or 0) for n in tokens), strict=True))
    unpriced, steps = int(unpriced or 0), int(steps or 0)
    # The database adds up fractions.
    cost = round(float(cost_usd), 8) if steps > unpriced else None
    return counted | {"cost_usd": cost, "unpriced_steps": unpriced, "steps": steps}


def upgrade(row: AgentSnapshot) -> Data | None:
    """Returns what the row holds in today's format, None where its format can't be read."""
    data, format = row.data, row.format
    while format != AgentSnapshot.FORMAT:
        if format not in MIGRATIONS:
            return None
        data, format = MIGRATIONS[format](data), format + 1
    return data


def _from_1(data: Data) -> Data:
    return {"position": data.get("message_id"), "pending": [], "approvals": [], "agent": ""} | data


def _from_2(data: Data) -> Data:
    return data


MIGRATIONS: dict[int, Callable[[Data], Data]] = {1: _from_1, 2: _from_2}
