"""Changes the status of a turn, of its chat and of its summary, and gives the frame that says so.

    queued ─ claim ─► running ◄─ resume ─ wait ─► waiting
       │                 └──────── end ─────────────┘ ─► complete, failed, cancelled
       └─ end ─► cancelled

Nothing else changes any of the three. Each function runs inside the transaction that holds the session's log lock, so
that no two see the same chat at a time, and the frames go into the log with the rows.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from chats.models import Chat, Turn
from chats.models.turn import ACTIVE, lease
from chats.stream.frames import AgentStatusUpdated, Logged, TurnFinished, TurnStarted
from traces.record import recorder

from .messages import Frames


def queue_turn(turn: Turn, content: str) -> Frames:
    """Saves a new turn, whose message says `content`, behind those that the chat has."""
    turn.save(force_insert=True)
    recorder.turn_queued(turn.pk, turn.chat_id, turn.model, content, turn.created_at)
    return show_chat(turn.chat_id)


def claim_turn(chat_id: UUID) -> tuple[Turn | None, Frames]:
    """Makes this process the owner of the chat's next turn; None where there is none, or one is at work."""
    turn = Turn.claim_next(chat_id)
    if turn is None:
        return None, []
    recorder.turn_taken(turn.pk, turn.created_at, turn.started_at or turn.created_at)
    started_at = turn.started_at or turn.created_at
    started = TurnStarted(turn_id=turn.pk, chat_id=chat_id, model=turn.model, started_at=started_at)
    return turn, [started, *_set_chat(chat_id, Chat.Status.RUNNING)]


def take_over_turn(turn_id: UUID, *, everything: bool) -> Turn | None:
    """Makes this process the owner of a turn whose own process died: its lease ran out or was given up, or `everything`
    is left behind. None where another process was faster. Its status stays what it is."""
    lost = Turn.objects.filter(pk=turn_id, status__in=ACTIVE)
    if not everything:
        lost = lost.filter(abandoned())
    crashed = lost.filter(status=Turn.Status.RUNNING, lease_until__isnull=False).exists()
    # A condition of the update, so that of two processes one wins.
    won = lost.update(fence=F("fence") + 1, takeovers=F("takeovers") + int(crashed), lease_until=Now() + lease())
    return Turn.objects.get(pk=turn_id) if won else None


def abandoned() -> Q:
    """Finds active turns that no process works on."""
    return Q(lease_until=None) | Q(lease_until__lt=Now())


def wait_for_person(turn_id: UUID, chat_id: UUID) -> Frames:
    """Lets the turn wait for a person."""
    return _set_active(turn_id, chat_id, "waiting")


def resume_turn(turn_id: UUID, chat_id: UUID) -> Frames:
    """Lets the turn go on after a person has answered."""
    return _set_active(turn_id, chat_id, "running")


def end_turns(
    chat_id: UUID, turn_ids: Sequence[UUID], status: Turn.Status, error: str = "", files: Sequence[str] = ()
) -> Frames:
    """Ends turns of one chat, whatever the end and whoever finds it. `files` are the paths that the turn changed."""
    ended = {"status": status, "error": error, "finished_at": timezone.now()}
    Turn.objects.filter(pk__in=turn_ids).update(**ended)
    recorder.turns_ended(list(turn_ids), status, error)
    finished = [_tell_end(turn, files) for turn in Turn.objects.filter(pk__in=turn_ids).order_by("id")]
    return [*finished, *show_chat(chat_id, failed=status == Turn.Status.FAILED)]


def _tell_end(turn: Turn, files: Sequence[str]) -> Logged:
    return TurnFinished.model_validate(
        {
            "turn_id": turn.pk,
            "chat_id": turn.chat_id,
            "status": turn.status,
            "error": turn.error or None,
            **recorder.read_turn_totals(turn.pk),
            "build": turn.shown_check,
            "files": list(files),
        }
    )


def show_chat(chat_id: UUID, *, failed: bool = False) -> Frames:
    """Sets the chat's status by the turns it has; `failed`: the last one that ended did."""
    active = set(Turn.objects.filter(chat_id=chat_id, status__in=(Turn.Status.QUEUED, *ACTIVE)).values_list("status"))
    if (Turn.Status.WAITING,) in active:
        return _set_chat(chat_id, Chat.Status.WAITING)
    if active:
        return _set_chat(chat_id, Chat.Status.RUNNING)
    return _set_chat(chat_id, Chat.Status.ERROR if failed else Chat.Status.IDLE)


def _set_active(turn_id: UUID, chat_id: UUID, status: str) -> Frames:
    Turn.objects.filter(pk=turn_id).update(status=status)
    recorder.turn_status(turn_id, status)
    return _set_chat(chat_id, status)


def _set_chat(chat_id: UUID, status: str) -> Frames:
    Chat.objects.filter(pk=chat_id).update(status=status)
    return [AgentStatusUpdated.model_validate({"chat_id": chat_id, "status": status})]
