"""Takes over turns whose process died. History is only ever appended to: what was cut off is closed where it stands,
and the turn's next owner works on from there."""

from uuid import UUID

from chats.models import Message, SessionLog, Turn
from chats.models.turn import ACTIVE
from chats.stream.writer import writer

from . import interrupted_calls, status
from .ending import close_messages, end_turn
from .messages import Frames

MAX_TAKEOVERS = 3
GAVE_UP = (
    f"This turn was interrupted {MAX_TAKEOVERS + 1} times by a restart of the server, so it was given up. "
    "The chat works: write what should happen next."
)


def orphans(everything: bool) -> list[tuple[UUID, UUID, UUID]]:
    """Finds active turns that no process works on, as (turn, chat, session): those whose lease ran out or was given up,
    or `everything` where this process is the only one and has just started."""
    turns = Turn.objects.filter(status__in=ACTIVE)
    if not everything:
        turns = turns.filter(status.abandoned())
    return list(turns.values_list("pk", "chat_id", "chat__session_id"))


async def take_over(turn_id: UUID, session_id: UUID, everything: bool) -> Turn | None:
    """Becomes the turn's owner. None where another process was faster, or the turn was given up."""

    def change(log: SessionLog) -> tuple[Turn | None, Frames]:
        turn = status.take_over_turn(turn_id, everything=everything)
        if turn is None:
            return None, []
        emitted = [*close_messages(turn, log, Message.Status.INTERRUPTED), *interrupted_calls.settle(turn, log)]
        if turn.takeovers <= MAX_TAKEOVERS:
            return turn, emitted
        ended = end_turn(turn, log, Turn.Status.FAILED, error=GAVE_UP, note=GAVE_UP)
        return None, [*emitted, *ended]

    return await writer.commit(session_id, change)
