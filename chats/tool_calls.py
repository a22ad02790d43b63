"""A model's tool calls, made fit to be kept: whatever a model sends, a turn must be able to go on record. Pure."""

from collections.abc import Container
from itertools import count
from typing import Any

from . import wire
from .providers.base import ToolCall

MAX_ID_CHARS = 200
MAX_NAME_CHARS = 100
MAX_DEPTH = 50
TOO_DEEP = f"(arguments nested more than {MAX_DEPTH} deep)"


def fit(call: ToolCall, taken: Container[str]) -> ToolCall:
    """The call with texts and numbers that every column and JSON reader takes, and an id that is none of `taken`: some
    local servers use the same one again and again, and a result is found by it."""
    return ToolCall(
        _free(wire.clean(call.id)[:MAX_ID_CHARS], taken),
        wire.clean(call.name)[:MAX_NAME_CHARS],
        wire.clean_value(_shallow(call.args)),
    )


def _shallow(args: dict[str, Any] | str) -> dict[str, Any] | str:
    """The arguments, or a word about them where they are nested so deeply that whoever walks through them breaks."""
    level: list[Any] = [args]
    for _ in range(MAX_DEPTH):
        nested = (value.values() if isinstance(value, dict) else value for value in level if _is_nested(value))
        level = [item for items in nested for item in items]
        if not level:
            return args
    return TOO_DEEP


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list)


def _free(id: str, taken: Container[str]) -> str:
    if id and id not in taken:
        return id
    stem = id[: MAX_ID_CHARS - 10] or "call"
    return next(name for number in count(2) if (name := f"{stem}-{number}") not in taken)
