"""Limits what one answer of a model may be, and says so in its words. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from chats.providers.base import ModelError, ToolCall

MAX_TEXT_CHARS = 4 * 1024 * 1024
"""Of text and reasoning together: more than any model writes, unless it goes in circles."""
MAX_CALLS = 64

CUT = (
    "Not run: your answer reached the limit of output before the arguments were whole. Send less in one call: make a "
    "large file in parts, with write_file for the first and edit_file for the rest, or change only what has to change."
)


def limit_calls(calls: Sequence[ToolCall], finish_reason: str) -> tuple[ToolCall, ...]:
    """Gives the calls of an answer that may run, and refuses one that was cut, and all that are too many in one."""
    kept = list(calls)
    if kept and finish_reason == "length" and isinstance(kept[-1].args, str) and not kept[-1].refusal:
        kept[-1] = replace(kept[-1], refusal=CUT)
    if len(kept) > MAX_CALLS:
        rest = len(kept) - MAX_CALLS
        why = f"Not run: a step may have {MAX_CALLS} calls, and this one has {rest} more. Make those in the next step."
        kept[MAX_CALLS:] = [replace(kept[MAX_CALLS], refusal=why)]
    return tuple(kept)


def check_length(chars: int) -> None:
    """Ends an answer that is too long. Raises ModelError."""
    if chars > MAX_TEXT_CHARS:
        raise ModelError(
            "The model wrote more than 4 million characters in one answer and was stopped there. "
            "Ask for less at once, or choose another model.",
            "bad_response",
        )
