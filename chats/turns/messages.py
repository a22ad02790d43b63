"""Adds messages that are complete from the start: their rows, and the frames that show them."""

from uuid import UUID

from uuid6 import uuid7

from boocode.db import plain_sql
from chats.models import Message, Turn
from chats.stream import frames

Frames = list[frames.Logged]


def add_message(message: Message) -> Frames:
    """Saves a new message and gives its frames."""
    plain_sql.insert(message)
    return [
        frames.MessageStarted(
            message_id=message.pk,
            chat_id=message.chat_id,
            turn_id=message.turn_id,
            role=message.role,
            kind=message.kind,
            created_at=message.created_at,
        ),
        frames.WholeText(message_id=message.pk, content=message.content),
        frames.MessageComplete(message_id=message.pk, chat_id=message.chat_id, status=message.status),
    ]


def add_system_message(
    turn: Turn, session_id: UUID, content: str, *, id: UUID | None = None, kind: str = "message"
) -> Frames:
    """Adds a message of BooCode's own to the person; one of kind `build` is for the model as well. For `id` see
    `add_result`."""
    message = Message(id=id or uuid7(), session_id=session_id, chat_id=turn.chat_id, turn=turn, kind=kind)
    message.role, message.content = Message.Role.SYSTEM, content
    return add_message(message)


def add_result(
    turn: Turn,
    session_id: UUID,
    made_by: UUID,
    tool_call_id: str,
    output: str,
    *,
    id: UUID | None = None,
    truncated: bool = False,
    error: str | None = None,
) -> frames.ToolResultDelta:
    """Saves the message that holds a call's result, and gives its frame. `made_by` is the message that made the call.

    Ids are the messages' order: give one made at the moment of the result where the row is written later.
    """
    message = Message(
        id=id or uuid7(),
        session_id=session_id,
        chat_id=turn.chat_id,
        turn=turn,
        role=Message.Role.TOOL,
        tool_results={"tool_call_id": tool_call_id, "output": output, "truncated": truncated}
        | ({"error": error} if error else {}),
    )
    plain_sql.insert(message)
    return frames.ToolResultDelta(
        chat_id=turn.chat_id,
        message_id=made_by,
        tool_message_id=message.pk,
        turn_id=turn.pk,
        tool_call_id=tool_call_id,
        output=output,
        truncated=truncated,
        error=error or None,
        created_at=message.created_at,
    )
