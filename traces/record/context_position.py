"""Finds where a model step stands in its chat's context, and what the tool results before it added to its prompt."""

from uuid import UUID

from django.db.models.functions import Length

from boocode.db import plain_sql
from traces.models import ModelStep, ToolTrace

from . import context_cost
from .step import Step

_LAST_ANSWER = f"""
    SELECT message_id, turn_id, calls, era, position, model, prompt_tokens, completion_tokens, reasoning_tokens
    FROM {ModelStep._meta.db_table} WHERE chat_id = %s AND position IS NOT NULL
    ORDER BY era DESC, position DESC LIMIT 1
"""


def place_step(step: Step) -> dict[str, int]:
    """Returns the `era` and the `position` of an answer. Its prompt's size tells what the results of the step before
    added: writes that to their traces, in tokens."""
    found = plain_sql.fetch(_LAST_ANSWER, step.chat_id)
    if not found:
        return {"era": 0, "position": 0}
    [(message_id, turn_id, calls, era, position, *counted)] = found
    before = context_cost.Counted(*counted)
    now = context_cost.Counted(step.model, step.prompt_tokens, step.completion_tokens)
    if context_cost.was_cut(before, now):
        return {"era": era + 1, "position": 0}
    added = context_cost.count_added_tokens(before, now)
    if turn_id == plain_sql.adapt_key(step.turn_id) and calls and added is not None:
        _share_among_calls(message_id, calls, added)
    return {"era": era, "position": position + 1}


def _share_among_calls(message_id: UUID | str, count: int, tokens: int) -> None:
    """Writes `context_tokens` of the `count` calls that a message made: each one's part of `tokens`."""
    if count == 1:
        table = ToolTrace._meta.db_table
        plain_sql.execute(f"UPDATE {table} SET context_tokens = %s WHERE message_id = %s", tokens, message_id)
        return
    calls = ToolTrace.objects.filter(message_id=message_id)
    lengths = list(calls.values_list("pk", Length("output")).order_by("pk"))
    shares = context_cost.share_out(tokens, [length for _, length in lengths])
    for (pk, _), share in zip(lengths, shares, strict=True):
        ToolTrace.objects.filter(pk=pk).update(context_tokens=share)
