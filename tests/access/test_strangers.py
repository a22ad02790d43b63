"""One row an endpoint: alice may, for charlie it does not exist, and without credentials nobody gets an answer."""

import json
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from chats.models import Chat, Message, Project, Rule, Session, Turn
from chats.projects import sessions
from snapshots import agent_snapshots
from snapshots.models import Checkpoint
from tests.api.checked_client import CheckedClient
from tests.api.conftest import client_of
from traces.models import ToolTrace, TurnSummary

if TYPE_CHECKING:
    from django.contrib.auth.models import User

JSON = "application/json"
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
    ("GET", "/api/bin"),
    ("GET", "/api/tokens"),
    ("GET", "/api/sessions"),
    ("GET", "/api/usage"),
    ("GET", "/api/approvals"),
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
    agent_snapshots.save(chat.id, {})
    checkpoint = Checkpoint.objects.create(workspace=chat.workspace, chat=chat, kind=Checkpoint.Kind.TURN)
    rule = Rule.objects.create(project=session.project, tool="run_command", pattern="make", verdict="allow")
    return {
        "project": str(session.project_id),
        "session": str(session.id),
        "chat": str(chat.id),
        "turn": str(turn.id),
        "trace": str(trace.id),
        "message": str(message.id),
        "checkpoint": str(checkpoint.id),
        "rule": str(rule.id),
    }


def described_calls(ids: dict[str, str]) -> list[tuple[str, str]]:
    """Every call of the API's description that names a thing, with alice's in the place of the names."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    calls = []
    for path, methods in schema["paths"].items():
        collection = path.split("/")[2].removesuffix("s")
        names = ids | {f"{name}_id": pk for name, pk in ids.items()} | {"id": ids.get(collection, ""), "path": "a.txt"}
        calls += [(method.upper(), path.format(**names)) for method in methods if "{" in path]
    return calls


def call(client: APIClient, method: str, path: str, body: dict[str, str] | None, ids: dict[str, str]) -> int:
    given = {name: value.format(**ids) for name, value in (body or {}).items()}
    return client.generic(method, path.format(**ids), json.dumps(given), content_type="application/json").status_code


@pytest.mark.parametrize(("method", "path", "body"), OBJECTS)
def test_it_shows_things_to_their_owner_only(
    method: str, path: str, body: dict[str, str] | None, ids: dict[str, str], as_alice: APIClient, as_charlie: APIClient
) -> None:
    assert call(as_charlie, method, path, body, ids) == 404
    assert call(CheckedClient(), method, path, body, ids) == 401
    assert call(as_alice, method, path, body, ids) in (200, 201, 202, 204)


def test_no_call_of_the_description_tells_a_stranger_of_a_thing(
    ids: dict[str, str], as_alice: APIClient, as_charlie: APIClient
) -> None:
    """Whatever the body, the answer is the one for a thing that does not exist."""
    calls = described_calls(ids)
    assert len(calls) > 30
    for (method, path), (_, nothing) in zip(calls, described_calls(dict.fromkeys(ids, str(uuid4()))), strict=True):
        for body in ("{}", "no JSON"):
            answer, other = (as_charlie.generic(method, at, body, content_type=JSON) for at in (path, nothing))
            assert (answer.status_code, answer.content) == (other.status_code, other.content), (method, path)
            assert answer.status_code in ((400, 404) if method in ("POST", "PATCH") else (404,)), (method, path)
    reader = client_of(Session.objects.get().project.owner, scope="read")
    for method, path in calls:
        if method != "GET":
            assert reader.generic(method, path, "{}", content_type=JSON).status_code == 403, path
        else:
            found = as_alice.get(path).status_code in (200, 400)
            assert found or path.endswith("/files/a.txt"), f"{path} is no way to a thing of alice's"


def test_a_chat_of_ones_own_is_no_way_to_anothers_checkpoint(
    ids: dict[str, str], charlie: "User", as_charlie: APIClient, tmp_path: Path
) -> None:
    own = sessions.create_session(Project.objects.create(owner=charlie, name="own", root=str(tmp_path))).chats.get()
    place = f"/api/chats/{own.pk}/checkpoints/{ids['checkpoint']}/files"
    assert as_charlie.get(place).status_code == 404
    assert as_charlie.get(f"{place}/a.txt").status_code == 404
    wish = {"checkpoint": ids["checkpoint"], "scope": "files"}
    assert as_charlie.post(f"/api/chats/{own.pk}/restorations", wish, format="json").status_code == 404


@pytest.mark.parametrize(("method", "path"), LISTS)
def test_it_wants_to_know_who_asks(method: str, path: str, db: None) -> None:
    answer = CheckedClient().generic(method, path, "{}", content_type="application/json")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="BooCode"')


def test_it_lists_only_ones_own(session: Session, as_alice: APIClient, as_charlie: APIClient) -> None:
    for path in ("/api/projects", "/api/sessions"):
        assert len(as_alice.get(path).json()) == 1
        assert as_charlie.get(path).json() == []
