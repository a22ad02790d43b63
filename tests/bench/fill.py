"""A long answer put straight into the log, in Django: `manage.py shell -c "from tests.bench.fill import answer; …"`."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chats.models import Chat, Message, SessionLog
from chats.stream import frames, writer


@transaction.atomic
def answer(session_id: str, entries: int, *, done: bool) -> None:
    """Text and reasoning in turns, so that no two entries are joined; two in a commit."""
    chat = Chat.objects.get(session_id=session_id)
    message = Message(session_id=UUID(session_id), chat=chat, role="assistant", started_at=timezone.now())
    message.start_ord = SessionLog.objects.get(pk=UUID(session_id)).ord + 1
    for _ in range(entries // 2):
        text = frames.TextFrame(chat_id=chat.pk, message_id=message.pk, content="word ")
        thought = frames.TextFrame(chat_id=chat.pk, message_id=message.pk, content="thought ", part="reasoning")
        writer.append(message.session_id, [text, thought])
    if done:
        message.content, message.last_seq = "word " * (entries // 2), entries
    message.status = Message.Status.COMPLETE if done else Message.Status.STREAMING
    message.save(force_insert=True)
