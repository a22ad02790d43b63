"""What a person asks of a chat: a turn, and its end. turn_run.py does the work; takeover.py goes on with it when its
process died."""

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from traces import recorder

from . import events, log, wire
from .events import SessionGone
from .messages import whole_message
from .models import Chat, Message, Turn
from .models.turn import ACTIVE
from .providers import discovery
from .runner import runner

NAME_CHARS = 60


def start_turn(
    chat: Chat, user: User, content: str, request_id: str = "", *, auto_fix: bool = True
) -> tuple[Message, Turn]:
    """Queue the agent's work on a message. A repeated `request_id` gives the turn that it made before. `auto_fix`:
    whether the project's check runs after changes."""
    model = model_name(chat)  # may ask the servers on this machine, so not under the log's lock
    return _queue(chat, user, content, request_id, model, auto_fix)


@transaction.atomic
def _queue(chat: Chat, user: User, content: str, request_id: str, model: str, auto_fix: bool) -> tuple[Message, Turn]:
    # The log's lock comes first: of two requests with the same id the second sees what the first wrote.
    if chat.session_id not in log.lock([chat.session_id]):
        raise SessionGone(chat.session_id)
    if request_id and (earlier := Turn.objects.filter(chat=chat, request_id=request_id).first()):
        return earlier.messages.get(role=Message.Role.USER), earlier
    content = wire.clean(content)
    turn = Turn(chat=chat, user=user, request_id=request_id, model=model, auto_fix=auto_fix)
    turn.save(force_insert=True)
    recorder.turn_queued(turn.pk, chat.pk, turn.model, content, turn.created_at)
    message = Message(session_id=chat.session_id, chat=chat, turn=turn, role=Message.Role.USER, content=content)
    frames = [*_name(chat, content), *whole_message(message)]
    frames.append(wire.AgentStatusUpdated(chat_id=chat.pk, status="running"))
    Chat.objects.filter(pk=chat.pk).update(status=Chat.Status.RUNNING)
    events.append(chat.session_id, frames)
    transaction.on_commit(lambda: runner.submit(chat.pk))
    return message, turn


def model_name(chat: Chat) -> str:
    """The model that the chat's next turn asks: the chosen one, else the configured one, else one that a server on
    this machine offers, else the demo."""
    return chat.model or chat.session.model or async_to_sync(discovery.suggested_model)(settings.MODELS)


def _name(chat: Chat, content: str) -> list[wire.Logged]:
    """A new chat is called by its first words."""
    if chat.name:
        return []
    line = " ".join(content.split())
    chat.name = line if len(line) <= NAME_CHARS else line[: NAME_CHARS - 1].rsplit(" ", 1)[0] + "…"
    chat.save(update_fields=["name"])
    if not chat.session.name:
        chat.session.name = chat.name
        chat.session.save(update_fields=["name", "updated_at"])
        renamed = wire.SessionRenamed(session_id=chat.session_id, name=chat.session.name)
        events.tell(chat.session.project.owner_id, renamed)
    return [wire.ChatRenamed(chat_id=chat.pk, name=chat.name)]


def cancel(chat: Chat) -> None:
    """End the chat's turns: queued ones at once, the running one as soon as its process hears of it."""
    with transaction.atomic():
        log.lock([chat.session_id])
        queued = Turn.objects.filter(chat=chat, status=Turn.Status.QUEUED)
        recorder.turns_ended(list(queued.values_list("pk", flat=True)), Turn.Status.CANCELLED)
        queued.update(status=Turn.Status.CANCELLED, cancel_requested=True, finished_at=Now())
        running = Turn.objects.filter(chat=chat, status__in=ACTIVE).update(cancel_requested=True)
        if not running:
            Chat.objects.filter(pk=chat.pk).update(status=Chat.Status.IDLE)
            events.append(chat.session_id, [wire.AgentStatusUpdated(chat_id=chat.pk, status="idle")])
    runner.cancel(chat.pk)
