"""Messages that are complete from the start: the row, and the frames that tell of it."""

from uuid import UUID

from uuid6 import uuid7

from boocode import rows

from . import wire
from .models import Message, Turn

Frames = list[wire.Logged]


def whole_message(message: Message) -> Frames:
    """Save a new message and give its frames."""
    rows.insert(message)
    return [
        wire.MessageStarted(
            message_id=message.pk,
            chat_id=message.chat_id,
            turn_id=message.turn_id,
            role=message.role,
            kind=message.kind,
            created_at=message.created_at,
        ),
        wire.WholeText(message_id=message.pk, content=message.content),
        wire.MessageComplete(message_id=message.pk, chat_id=message.chat_id, status=message.status),
    ]


def system_message(
    turn: Turn, session_id: UUID, content: str, *, id: UUID | None = None, kind: str = "message"
) -> Frames:
    """BooCode's own word to the person; of kind `build` it is for the model as well. For `id` see `tool_message`."""
    message = Message(id=id or uuid7(), session_id=session_id, chat_id=turn.chat_id, turn=turn, kind=kind)
    message.role, message.content = Message.Role.SYSTEM, content
    return whole_message(message)


def tool_message(
    turn: Turn,
    session_id: UUID,
    made_by: UUID,
    tool_call_id: str,
    output: str,
    *,
    id: UUID | None = None,
    truncated: bool = False,
    error: str | None = None,
) -> wire.ToolResultDelta:
    """Save the message that holds a call's result, and give its frame. `made_by` is the message that made the call.

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
    rows.insert(message)
    return wire.ToolResultDelta(
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
