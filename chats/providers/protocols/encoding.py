"""Request bodies that grow by appending: a transcript item is encoded once, however many requests it is in. Pure.

A provider's prompt cache hits on equal bytes, and a step of a long turn should not pay for the two hundred before it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chats.providers.base import ToolSchema, TranscriptItem

Append = Callable[[TranscriptItem, str], tuple[bytes, str]]
"""The bytes that an item adds to the messages, and their state after it, from the item and the state before: "" at the
beginning."""


class GrowingBody:
    """The bodies of one model's requests: the parameters, which stay the same, and then the messages."""

    def __init__(self, append: Append, messages_key: str) -> None:
        self._append = append
        self._key = messages_key
        self._head = b""
        self._head_of: tuple[str, list[ToolSchema]] | None = None
        self._items: list[TranscriptItem] = []
        self._messages = bytearray()
        self._state = ""

    def extend(
        self,
        system: str,
        transcript: Sequence[TranscriptItem],
        tools: Sequence[ToolSchema],
        parameters: Callable[[], Mapping[str, Any]],
        first: bytes = b"",
    ) -> str:
        """Adds what is new in `transcript`, and returns the state after it. `parameters` are asked for when `system` or
        `tools` are new; `first` are the messages before the transcript's."""
        if self._head_of != (system, list(tools)):
            self._head_of = (system, list(tools))
            self._head = encode(parameters())[:-1] + b',"' + self._key.encode() + b'":['
            self._restart(first)
        elif list(transcript[: len(self._items)]) != self._items:
            self._restart(first)
        for item in transcript[len(self._items) :]:
            piece, self._state = self._append(item, self._state)
            self._messages += piece
            self._items.append(item)
        return self._state

    def close(self, end: bytes, instead_of: int = 0) -> bytes:
        """The body with `end` after the messages, in place of their last `instead_of` bytes."""
        with memoryview(self._messages) as messages:
            return b"".join((self._head, messages[: len(messages) - instead_of], end))

    def _restart(self, first: bytes) -> None:
        self._items = []
        self._messages = bytearray(first)
        self._state = "," if first else ""


def append_messages(messages: Sequence[Mapping[str, Any]], state: str) -> tuple[bytes, str]:
    """What `Append` returns for whole messages: with commas between them and before the first where others precede."""
    encoded = b",".join(map(encode, messages))
    return (b"," if state and encoded else b"") + encoded, state or ("," if encoded else "")


def encode(value: object) -> bytes:
    # A file may hold half a surrogate pair, which no provider's JSON reader takes.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
