"""Two workers want the same turns."""

import subprocess
import sys

from tests.server import PROJECT_DIR, Server

MAKE = """
from django.contrib.auth.models import User
from chats.models import Chat, Project, Turn
from chats.projects import sessions
user = User.objects.get(username="admin")
project = Project.objects.create(owner=user, name="p", root="/tmp")
session = sessions.create_session(project)
chats = Chat.objects.bulk_create([Chat(session=session, workspace_id=project.pk) for _ in range(1000)])
Turn.objects.bulk_create([Turn(chat=chat, user=user) for chat in chats])
"""
CLAIM = """
import random
import sys
import time
from django.db import transaction
from chats.models import Chat, Turn
print("ready", flush=True)
sys.stdin.readline()
chats = list(Chat.objects.values_list("pk", flat=True))
random.shuffle(chats)
for chat in chats:
    time.sleep(0.0005)  # SQLite's lock is not fair: who has just had it would get it again and again
    with transaction.atomic():
        turn = Turn.claim_next(chat)
    if turn is not None:
        print("won", turn.pk, turn.fence)
"""


def test_each_of_1000_turns_has_one_winner(server: Server) -> None:
    server.stop()
    server.manage("shell", "-v", "0", "-c", MAKE)
    workers = [
        subprocess.Popen(
            [sys.executable, "manage.py", "shell", "-v", "0", "-c", CLAIM],
            cwd=PROJECT_DIR,
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    answers = [worker.communicate(timeout=120)[0] for worker in workers]
    won = [line.split()[1:] for answer in answers for line in answer.splitlines()]
    assert len(won) == 1000
    assert len({turn for turn, _ in won}) == 1000
    assert {fence for _, fence in won} == {"1"}
    assert all(answers), "one worker won all: they did not meet"
