from rest_framework.test import APIClient

from chats.models import Chat
from snapshots import agent_snapshots


def test_it_shows_a_chats_snapshot_until_it_is_deleted(as_alice: APIClient, chat: Chat) -> None:
    url = f"/api/chats/{chat.id}/snapshot"
    assert as_alice.get(url).status_code == 404
    assert as_alice.delete(url).status_code == 404
    agent_snapshots.save(chat.id, {"step": 3})
    assert as_alice.get(url).json()["step"] == 3
    assert as_alice.delete(url).status_code == 204
    assert as_alice.get(url).status_code == 404
