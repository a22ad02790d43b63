"""One row an endpoint: alice may, for charlie it does not exist, and without credentials nobody gets an answer."""

import json

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from chats.models import Chat, Message, Session, Turn
from snapshots import store
from traces.models import ToolTrace, TurnSummary

OBJECTS = [
    ("GET", "/api/projects/{project}", None),
    ("PATCH", "/api/projects/{project}", {"name": "mine"}),
    ("DELETE", "/api/projects/{project}", None),
    ("POST", "/api/sessions", {"project": "{project}"}),
    ("GET", "/api/sessions/{session}", None),
    ("PATCH", "/api/sessions/{session}", {"name": "mine"}),
    ("DELETE", "/api/sessions/{session}", None),
    ("POST", "/api/sessions/{session}/chats", {}),
    ("GET", "/api/sessions/{session}/messages", None),
    ("GET", "/api/chats/{chat}", None),
    ("PATCH", "/api/chats/{chat}", {"name": "mine"}),
    ("POST", "/api/chats/{chat}/messages", {"content": "hello"}),
    ("POST", "/api/chats/{chat}/cancellation", {}),
    ("GET", "/api/chats/{chat}/traces", None),
    ("GET", "/api/chats/{chat}/traces/export?format=csv", None),
    ("GET", "/api/chats/{chat}/turns", None),
    ("GET", "/api/turns/{turn}", None),
    ("GET", "/api/turns/{turn}/usage", None),
    ("GET", "/api/chats/{chat}/usage", None),
    ("GET", "/api/sessions/{session}/usage", None),
    ("GET", "/api/projects/{project}/usage", None),
    ("GET", "/api/traces/{trace}", None),
    ("GET", "/api/traces/{trace}/output", None),
    ("GET", "/api/traces/{trace}/aftermath", None),
    ("GET", "/api/projects/{project}/checkpoints", None),
    ("PATCH", "/api/projects/{project}/checkpoints", {"quota_mb": "500"}),
    ("GET", "/api/chats/{chat}/timeline", None),
    ("GET", "/api/chats/{chat}/snapshot", None),
    ("DELETE", "/api/chats/{chat}/snapshot", None),
]
LISTS = [
    ("GET", "/api/projects"),
    ("POST", "/api/projects"),
    ("GET", "/api/sessions"),
    ("GET", "/api/usage"),
    ("GET", "/api/models"),
    ("GET", "/api/folders"),
    ("POST", "/api/sample"),
    ("GET", "/api/schema"),
    ("GET", "/api/nothing"),
]


@pytest.fixture
def ids(session: Session, chat: Chat) -> dict[str, str]:
    turn = Turn.objects.create(chat=chat, user=session.project.owner)
    message = Message.objects.create(session=session, chat=chat, turn=turn, role="assistant")
    trace = ToolTrace.objects.create(
        chat=chat, message=message, turn=turn, step=1, tool="read_file", input={}, started_at=timezone.now()
    )
    TurnSummary.objects.create(turn=turn, chat=chat, queued_at=timezone.now())
    store.save(chat.id, {})
    return {
        "project": str(session.project_id),
        "session": str(session.id),
        "chat": str(chat.id),
        "turn": str(turn.id),
        "trace": str(trace.id),
    }


def call(client: APIClient, method: str, path: str, body: dict[str, str] | None, ids: dict[str, str]) -> int:
    given = {name: value.format(**ids) for name, value in (body or {}).items()}
    return client.generic(method, path.format(**ids), json.dumps(given), content_type="application/json").status_code


@pytest.mark.parametrize(("method", "path", "body"), OBJECTS)
def test_it_shows_things_to_their_owner_only(
    method: str, path: str, body: dict[str, str] | None, ids: dict[str, str], as_alice: APIClient, as_charlie: APIClient
) -> None:
    assert call(as_charlie, method, path, body, ids) == 404
    assert call(APIClient(), method, path, body, ids) == 401
    assert call(as_alice, method, path, body, ids) in (200, 201, 202, 204)


@pytest.mark.parametrize(("method", "path"), LISTS)
def test_it_wants_to_know_who_asks(method: str, path: str, db: None) -> None:
    answer = APIClient().generic(method, path, "{}", content_type="application/json")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="BooCode"')


def test_it_lists_only_ones_own(session: Session, as_alice: APIClient, as_charlie: APIClient) -> None:
    for path in ("/api/projects", "/api/sessions"):
        assert len(as_alice.get(path).json()) == 1
        assert as_charlie.get(path).json() == []
