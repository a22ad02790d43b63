"""Carries out what a person asks of a chat: to begin a turn, and to end it. `execution` does the work, and `recovery`
goes on with it when its process died."""

from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from chats.models import Chat, Message, Turn
from chats.models.turn import ACTIVE
from chats.providers import discovery
from chats.stream import frames, log, sanitize, socket_frames, writer
from chats.stream.writer import SessionGone

from . import status
from .messages import add_message
from .scheduler import scheduler

NAME_CHARS = 200  # all that the row takes: pages cut a name to the room that they have


class RepeatedId(Exception):
    """The `request_id` is that of another message; the text says so."""


def start_turn(
    chat: Chat, user: User, content: str, request_id: str = "", *, auto_fix: bool = True
) -> tuple[Message, Turn]:
    """Queues the agent's work on a message. A repeated `request_id` gives the turn that it made before; with other
    content it raises RepeatedId. `auto_fix`: whether the project's check runs after changes."""
    model = model_name(chat)  # may ask the servers on this machine, so not under the log's lock
    return _queue(chat, user, content, request_id, model, auto_fix)


@transaction.atomic
def _queue(chat: Chat, user: User, content: str, request_id: str, model: str, auto_fix: bool) -> tuple[Message, Turn]:
    # The log's lock comes first: of two requests with the same id the second sees what the first wrote.
    if chat.session_id not in log.lock([chat.session_id]):
        raise SessionGone(chat.session_id)
    content = sanitize.clean(content)
    if request_id and (earlier := Turn.objects.filter(chat=chat, request_id=request_id).first()):
        sent = earlier.messages.get(role=Message.Role.USER)
        if sent.content != content:
            raise RepeatedId(f"The request_id {request_id} is that of another message. Take a new one for each.")
        return sent, earlier
    turn = Turn(chat=chat, user=user, request_id=request_id, model=model, auto_fix=auto_fix)
    queued = status.queue_turn(turn, content)
    message = Message(session_id=chat.session_id, chat=chat, turn=turn, role=Message.Role.USER, content=content)
    writer.append(chat.session_id, [*_name(chat, content), *add_message(message), *queued])
    transaction.on_commit(lambda: scheduler.submit(chat.pk))
    return message, turn


def model_name(chat: Chat) -> str:
    """Names the model that the chat's next turn asks: the chosen one, else the configured one, else one that a server
    on this machine offers, else the demo."""
    return chat.model or chat.session.model or async_to_sync(discovery.suggested_model)(settings.MODELS)


def _name(chat: Chat, content: str) -> list[frames.Logged]:
    """Names a new chat by its first words."""
    if chat.name:
        return []
    line = " ".join(content.split())
    chat.name = line if len(line) <= NAME_CHARS else line[: NAME_CHARS - 1].rsplit(" ", 1)[0] + "…"
    chat.save(update_fields=["name"])
    if not chat.session.name:
        chat.session.name = chat.name
        chat.session.save(update_fields=["name", "updated_at"])
        renamed = socket_frames.SessionRenamed(session_id=chat.session_id, name=chat.session.name)
        writer.notify_user(chat.session.project.owner_id, renamed)
    return [frames.ChatRenamed(chat_id=chat.pk, name=chat.name)]


def cancel(chat: Chat) -> list[UUID]:
    """Ends the chat's turns: queued ones at once, the running one as soon as its process hears of it. Returns the ids
    of the turns that end."""
    with transaction.atomic():
        log.lock([chat.session_id])
        turns = Turn.objects.filter(chat=chat, status__in=(Turn.Status.QUEUED, *ACTIVE))
        ending = dict(turns.order_by("id").values_list("pk", "status"))
        queued = [pk for pk, was in ending.items() if was == Turn.Status.QUEUED]
        turns.update(cancel_requested=True)
        writer.append(chat.session_id, status.end_turns(chat.pk, queued, Turn.Status.CANCELLED))
    scheduler.cancel(chat.pk)
    return list(ending)
