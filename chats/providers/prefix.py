"""Requests that begin with the bytes of the one before, and cost no more than what is new in them.

A provider's prompt cache hits on equal bytes, and a step of a long turn should not pay for mapping and encoding the
two hundred steps before it. So the messages of the last request are kept as encoded text and only continued.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .base import AssistantText, TranscriptItem


@dataclass(frozen=True, slots=True)
class Said:
    """The messages of a request: the items they were made from, and their JSON without the brackets."""

    system: str = ""
    items: tuple[TranscriptItem, ...] = ()
    encoded: bytes = b""

    def is_continued_by(self, system: str, transcript: Sequence[TranscriptItem]) -> bool:
        """Whether a request with `transcript` begins with these messages.

        Not where a step came with reasoning: how pydantic-ai maps that depends on its neighbours.
        """
        known = len(self.items)
        return (
            0 < known < len(transcript)
            and self.system == system
            and tuple(transcript[:known]) == self.items
            and not any(isinstance(item, AssistantText) and item.state for item in transcript)
        )

    def continued(self, system: str, transcript: Sequence[TranscriptItem], messages: Sequence[Any]) -> "Said":
        """These messages and then `messages`, which are the wire form of the rest of `transcript`."""
        encoded = b",".join(part for part in (self.encoded, *map(encode, messages)) if part)
        return Said(system, tuple(transcript), encoded)

    def body(self, parameters: Mapping[str, Any], messages_key: str) -> bytes:
        """The request: what stays the same first, the messages last."""
        return encode(parameters)[:-1] + b',"' + messages_key.encode() + b'":[' + self.encoded + b"]}"


def encode(value: object) -> bytes:
    # A file may hold half a surrogate pair, which no provider's JSON reader takes.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
