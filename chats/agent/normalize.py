"""Normalizes the tool calls of a model, so that whatever it sends can be recorded. Pure."""

from collections.abc import Container
from itertools import count
from typing import Any

from chats.providers.base import ToolCall
from chats.stream import sanitize

MAX_ID_CHARS = 200
MAX_NAME_CHARS = 100
MAX_DEPTH = 50
TOO_DEEP = f"(arguments nested more than {MAX_DEPTH} deep)"


def normalize_call(call: ToolCall, taken: Container[str]) -> ToolCall:
    """Gives the call with texts and numbers that every column and JSON reader takes, and with an id that is not in
    `taken`: some local servers use the same id again and again, and a result is found by its call's id."""
    return ToolCall(
        _unused_id(sanitize.clean(call.id)[:MAX_ID_CHARS], taken),
        sanitize.clean(call.name)[:MAX_NAME_CHARS],
        sanitize.clean_value(_limit_depth(call.args)),
        call.refusal,
    )


def _limit_depth(args: dict[str, Any] | str) -> dict[str, Any] | str:
    """Gives the arguments, or a text in their place where they are nested too deeply for recursive readers."""
    level: list[Any] = [args]
    for _ in range(MAX_DEPTH):
        nested = (value.values() if isinstance(value, dict) else value for value in level if _is_nested(value))
        level = [item for items in nested for item in items]
        if not level:
            return args
    return TOO_DEEP


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list)


def _unused_id(id: str, taken: Container[str]) -> str:
    if id and id not in taken:
        return id
    stem = id[: MAX_ID_CHARS - 10] or "call"
    return next(name for number in count(2) if (name := f"{stem}-{number}") not in taken)
