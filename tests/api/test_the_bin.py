"""What is removed is hidden everywhere at once, comes back whole for 30 days, and is gone after that."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.utils import timezone
from rest_framework.test import APIClient

from boocode.web.access import visible_to
from chats.models import Chat, Message, Project, Session, Turn
from chats.projects import removal
from chats.projects.open_folder import open_folder
from traces.models import ToolTrace

if TYPE_CHECKING:
    from django.contrib.auth.models import User

OWNED = [model for model in apps.get_models() if hasattr(model, "owner_path")]
IN_A_SESSION = [model for model in OWNED if "session" in model.owner_path.split("__")]


@pytest.fixture
def trace(chat: Chat, project: Project) -> ToolTrace:
    turn = Turn.objects.create(chat=chat, user=project.owner)
    message = Message.objects.create(session=chat.session, chat=chat, turn=turn, role="assistant")
    about = {"chat": chat, "message": message, "turn": turn}
    return ToolTrace.objects.create(**about, step=1, tool="read_file", input={}, started_at=timezone.now())


@pytest.mark.parametrize("what", ["projects", "sessions"])
def test_it_hides_what_was_removed_and_brings_it_back(
    as_alice: APIClient, session: Session, chat: Chat, trace: ToolTrace, what: str
) -> None:
    row: Any = {"projects": session.project, "sessions": session}[what]
    addresses = [
        *(f"/api/{what}/{row.pk}", f"/api/sessions/{session.pk}", f"/api/sessions/{session.pk}/messages"),
        *(f"/api/chats/{chat.pk}", f"/api/chats/{chat.pk}/traces", f"/api/chats/{chat.pk}/timeline"),
        *(f"/api/traces/{trace.pk}", f"/api/turns/{trace.turn_id}/usage", f"/api/sessions/{session.pk}/usage"),
    ]
    before = {address: as_alice.get(address).status_code for address in addresses}
    assert as_alice.delete(f"/api/{what}/{row.pk}").status_code == 204
    assert {as_alice.get(address).status_code for address in addresses} == {404}
    assert as_alice.post(f"/api/chats/{chat.pk}/messages", {"content": "hello"}).status_code == 404
    assert as_alice.get("/api/sessions").json() == []
    [removed] = as_alice.get("/api/bin").json()
    assert (removed["id"], removed["kind"]) == (str(row.pk), what[:-1])
    assert as_alice.post(f"/api/bin/{row.pk}/return").status_code == 204
    assert {address: as_alice.get(address).status_code for address in addresses} == before
    assert as_alice.get("/api/bin").json() == []


@pytest.mark.parametrize("model", IN_A_SESSION, ids=lambda model: model.__name__)
def test_no_model_shows_rows_of_a_removed_session(model: Any, alice: "User") -> None:
    condition = str(visible_to(alice, model.objects.all()).query)
    assert condition.count('"removed_at" IS NULL') == 2


def test_a_session_removed_on_its_own_stays_in_the_bin_when_its_project_comes_back(
    as_alice: APIClient, session: Session
) -> None:
    as_alice.delete(f"/api/sessions/{session.pk}")
    as_alice.delete(f"/api/projects/{session.project_id}")
    as_alice.post(f"/api/bin/{session.project_id}/return")
    assert as_alice.get(f"/api/projects/{session.project_id}").json()["session_count"] == 0
    assert [removed["kind"] for removed in as_alice.get("/api/bin").json()] == ["session"]


def test_a_session_brings_its_project_along(as_alice: APIClient, session: Session) -> None:
    as_alice.delete(f"/api/sessions/{session.pk}")
    as_alice.delete(f"/api/projects/{session.project_id}")
    as_alice.post(f"/api/bin/{session.pk}/return")
    assert as_alice.get(f"/api/sessions/{session.pk}").status_code == 200


def test_a_folder_that_is_opened_again_is_the_project_that_was_removed(
    alice: "User", project: Project, folder: Path
) -> None:
    removal.remove(project)
    assert open_folder(alice, str(folder)).project == project
    assert Project.objects.get().removed_at is None


@pytest.mark.parametrize(("days", "left"), [(29, 1), (31, 0)])
def test_it_deletes_after_30_days(project: Project, session: Session, days: int, left: int) -> None:
    removal.remove(project)
    removal.remove(session)
    removal.delete_expired(timezone.now() + timedelta(days=days))
    assert (Project.objects.count(), Session.objects.count()) == (left, left)


def test_it_deletes_nothing_that_was_not_removed(session: Session) -> None:
    assert removal.delete_expired(timezone.now() + timedelta(days=1000)) == 0
    assert Session.objects.exists()


def test_it_deletes_for_good_at_once_only_from_the_bin(as_alice: APIClient, session: Session) -> None:
    assert as_alice.delete(f"/api/bin/{session.pk}").status_code == 404
    as_alice.delete(f"/api/sessions/{session.pk}")
    assert as_alice.delete(f"/api/bin/{session.pk}").status_code == 204
    assert not Session.objects.exists()


@pytest.mark.parametrize("method", ["post", "delete"])
def test_a_stranger_finds_nothing_in_the_bin(as_charlie: APIClient, session: Session, method: str) -> None:
    removal.remove(session)
    address = f"/api/bin/{session.pk}" + ("/return" if method == "post" else "")
    assert as_charlie.get("/api/bin").json() == []
    assert getattr(as_charlie, method)(address).status_code == 404
    assert Session.objects.get().removed_at
