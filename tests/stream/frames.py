"""Frames and logs for the pure tests."""

import json
from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from chats.stream import sequencing
from chats.stream.frames import AgentStatusUpdated, Call, Logged, TextFrame, ToolCallDelta

CHAT = UUID("01960000-0000-7000-8000-00000000000c")
EPOCH = "7d2f7c5e-5d0c-4c6e-9a55-3f6f5f0b1a11"


def message(number: int = 1) -> UUID:
    return UUID(int=(0x01960000000070008000 << 48) | number)


def text(content: str, number: int = 1, part: Literal["text", "reasoning"] = "text") -> TextFrame:
    return TextFrame(chat_id=CHAT, message_id=message(number), content=content, part=part)


def call(name: str = "read_file", number: int = 1) -> ToolCallDelta:
    return ToolCallDelta(
        chat_id=CHAT, message_id=message(number), tool_call=Call(id=f"call_{name}", name=name, args={})
    )


def status(value: Literal["idle", "running"] = "running") -> AgentStatusUpdated:
    return AgentStatusUpdated(chat_id=CHAT, status=value)


def placed(frames: Iterable[Logged]) -> sequencing.Entries:
    """A whole log of these frames, one entry each."""
    return sequencing.number_frames(frames, {}, 0)


def state(
    log: sequencing.Entries, floors: dict[str, int] | None = None, first_epoch: bool = True
) -> sequencing.LogState:
    return sequencing.LogState(EPOCH, first_epoch, log.last_ord, log.heads, floors or {})


def decoded(lines: Iterable[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]
