from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.test import APIClient

from chats.models import Message, Project
from chats.projects import sessions

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def test_a_message_that_a_snapshot_cuts_is_whole_here(
    as_alice: APIClient, project: Project, client: APIClient, bob: "User"
) -> None:
    session = sessions.create_session(project)
    content = "é" * 200_000
    message = Message.objects.create(session=session, chat=session.chats.get(), role="user", content=content)
    url = f"/api/messages/{message.pk}"
    assert as_alice.get(url).json()["content"] == content
    client.force_login(bob)
    assert client.get(url).status_code == 404
    Message.objects.update(hidden_at=timezone.now())
    assert as_alice.get(url).status_code == 404
