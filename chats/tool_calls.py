"""A model's tool calls, made fit to be kept: whatever a model sends, a turn must be able to go on record. Pure."""

from collections.abc import Container
from itertools import count

from . import wire
from .providers.base import ToolCall

MAX_ID_CHARS = 200
MAX_NAME_CHARS = 100


def fit(call: ToolCall, taken: Container[str]) -> ToolCall:
    """The call with texts and numbers that every column and JSON reader takes, and an id that is none of `taken`: some
    local servers use the same one again and again, and a result is found by it."""
    return ToolCall(
        _free(wire.clean(call.id)[:MAX_ID_CHARS], taken),
        wire.clean(call.name)[:MAX_NAME_CHARS],
        wire.clean_value(call.args),
    )


def _free(id: str, taken: Container[str]) -> str:
    if id and id not in taken:
        return id
    stem = id[: MAX_ID_CHARS - 10] or "call"
    return next(name for number in count(2) if (name := f"{stem}-{number}") not in taken)
