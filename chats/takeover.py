"""Going on with a turn whose process died. History is only ever appended to: what was cut off is closed where it
stands, and the turn's next owner works on from there."""

from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from traces import recorder

from . import interrupted, log, standing, wire
from .events import writer
from .messages import system_message
from .models import Chat, Message, SessionLog, Turn
from .models.turn import ACTIVE, lease

MAX_TAKEOVERS = 3
GAVE_UP = (
    f"This turn was interrupted {MAX_TAKEOVERS + 1} times by a restart of the server, so it was given up. "
    "The chat works: write what should happen next."
)


def orphans(everything: bool) -> list[tuple[UUID, UUID, UUID]]:
    """Active turns that no process works on, as (turn, chat, session): those whose lease ran out or was given up, or
    `everything` where this process is the only one and has just started."""
    turns = Turn.objects.filter(status__in=ACTIVE)
    if not everything:
        turns = turns.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
    return list(turns.values_list("pk", "chat_id", "chat__session_id"))


async def take_over(turn_id: UUID, session_id: UUID, everything: bool) -> Turn | None:
    """Become the turn's owner. None where it is not to be had: another process was faster, or it was given up."""

    def change(row: SessionLog) -> tuple[Turn | None, list[wire.Logged]]:
        # A condition of the update, so that of two processes one wins.
        lost = Turn.objects.filter(pk=turn_id, status__in=ACTIVE)
        if not everything:
            lost = lost.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
        crashed = lost.filter(status=Turn.Status.RUNNING, lease_until__isnull=False).exists()
        if not lost.update(fence=F("fence") + 1, takeovers=F("takeovers") + int(crashed), lease_until=Now() + lease()):
            return None, []
        turn = Turn.objects.get(pk=turn_id)
        frames = [*_close_messages(turn, row), *interrupted.settle(turn, row)]
        if turn.takeovers <= MAX_TAKEOVERS:
            return turn, frames
        return None, [*frames, *_give_up(turn, row.pk)]

    return await writer.commit(session_id, change)


def _close_messages(turn: Turn, row: SessionLog) -> list[wire.Logged]:
    """The step that the model was speaking keeps its text; the model is not told of it, and is asked again."""
    frames: list[wire.Logged] = []
    for message in turn.messages.filter(status=Message.Status.STREAMING):
        text, reasoning, _ = log.text_so_far(message.session_id, message.pk, message.start_ord, message.last_seq)
        message.content += text
        message.last_seq = row.heads.get("text", 0)
        message.metadata = {"reasoning": reasoning} if reasoning else {}
        message.status, message.finished_at = Message.Status.INTERRUPTED, timezone.now()
        message.save()
        recorder.step_cut(message.pk, "interrupted")
        frames.append(
            wire.StatusDelta(
                chat_id=turn.chat_id, message_id=message.pk, status="interrupted", finished_at=message.finished_at
            )
        )
        frames.append(
            wire.MessageComplete(
                message_id=message.pk, chat_id=turn.chat_id, status="interrupted", finished_at=message.finished_at
            )
        )
    return frames


def _give_up(turn: Turn, session_id: UUID) -> list[wire.Logged]:
    Turn.objects.filter(pk=turn.pk).update(status=Turn.Status.FAILED, error=GAVE_UP, finished_at=Now())
    frames = system_message(turn, session_id, GAVE_UP)
    standing.end(turn.chat.session.project_id, turn, None, touched=True)
    recorder.turns_ended([turn.pk], Turn.Status.FAILED, GAVE_UP)
    Chat.objects.filter(pk=turn.chat_id).update(status=Chat.Status.ERROR)
    status = wire.AgentStatusUpdated(chat_id=turn.chat_id, status="error")
    return [*frames, status]
