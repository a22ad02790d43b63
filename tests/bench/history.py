"""A long chat put straight into the database, in Django: `manage.py shell -c "from tests.bench.history import …"`."""

import time
from statistics import median

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from chats.models import Chat, Message, Turn
from snapshots import agent_snapshots, checkpoints

SAVES = 50


@transaction.atomic
def turns(chat_id: str, count: int) -> None:
    """Turns with a message and a checkpoint each."""
    chat = Chat.objects.select_related("session").get(pk=chat_id)
    user = User.objects.get(username="admin")
    for number in range(count):
        turn = Turn.objects.create(chat=chat, user=user, status=Turn.Status.COMPLETE)
        said = Message.objects.create(session=chat.session, chat=chat, turn=turn, role="user", content=f"Turn {number}")
        facts = {"title": f"Turn {number}", "tools": {"read_file": 3}, "cost_usd": 0.01, "message_id": str(said.pk)}
        checkpoints.end(chat.session.project_id, chat.pk, turn.pk, touched=True, position=said.pk, facts=facts)


def save_ms(chat_id: str, messages: int) -> None:
    """Print how long the snapshot of a chat with that many messages takes to save, p50, each in its transaction."""
    chat = Chat.objects.select_related("session").get(pk=chat_id)
    missing = messages - Message.objects.filter(chat=chat).count()
    rows = [Message(session=chat.session, chat=chat, role="user", content="word " * 50) for _ in range(missing)]
    Message.objects.bulk_create(rows, batch_size=1_000)
    times = []
    for step in range(SAVES):
        began = time.perf_counter()
        with transaction.atomic():
            agent_snapshots.save(chat.pk, {"turn": "0" * 36, "step": step, "at": timezone.now().isoformat()})
        times.append((time.perf_counter() - began) * 1000)
    print(median(times))
