"""Derives what a tool's result costs in context from what the provider counted. Pure.

A step's prompt holds all that the step before was told, what the model answered then, and the results of the calls it
made; so the results added `prompt now - prompt before - answer`. The answer's reasoning is taken off, for providers
seldom want it back; where one does, the reasoning counts as the result's. Several results of one step share the sum by
their length. Where a prompt was not counted, or another model (so another tokenizer) counted it, nothing is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

CUT_BELOW = 0.75
"""A prompt that shrinks below this share of the one before was compacted; a little less is a provider's own doing."""


@dataclass(frozen=True)
class Counted:
    """Holds the tokens that the provider counted of one request, None where it did not say."""

    model: str
    prompt: int | None
    completion: int | None
    reasoning: int | None = None


def was_cut(before: Counted, now: Counted) -> bool:
    """Tells whether the context was cut between two consecutive steps of a chat."""
    if before.prompt is None or now.prompt is None or before.model != now.model:
        return False
    return now.prompt < CUT_BELOW * before.prompt


def count_added_tokens(before: Counted, now: Counted) -> int | None:
    """Returns how many tokens the results of `before`'s calls added to the prompt of `now`, the turn's next step; None
    where that is unknown."""
    if before.model != now.model or was_cut(before, now):
        return None
    if before.prompt is None or before.completion is None or now.prompt is None:
        return None
    return max(0, now.prompt - before.prompt - max(0, before.completion - (before.reasoning or 0)))


def share_out(total: int, lengths: Sequence[int]) -> list[int]:
    """Shares out `total` in proportion to `lengths`, without losing any of it."""
    whole = sum(lengths) or len(lengths)
    given, passed, parts = 0, 0, []
    for length in lengths:
        passed += length if sum(lengths) else 1
        parts.append(total * passed // whole - given)
        given += parts[-1]
    return parts
