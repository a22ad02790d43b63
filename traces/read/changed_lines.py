"""What a call's arguments say that it changes. The tools know; `chats.apps` hands their reader in, for traces import no
tools."""

from collections.abc import Callable
from typing import Any

Changes = tuple[int | None, int | None, list[str] | None]
"""Lines added and removed, None for a call that changes no text; the files that a patch names, None for no patch."""


def _reads_nothing(_tool: str, _input: Any) -> Changes:
    return None, None, None


_reader: Callable[[str, Any], Changes] = _reads_nothing


def use_reader(reader: Callable[[str, Any], Changes]) -> None:
    """Have the arguments of calls read by `reader`."""
    global _reader
    _reader = reader


def read_changes(tool: str, input: Any) -> Changes:
    return _reader(tool, input)
