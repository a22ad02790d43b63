"""A page of somebody else's does not exist, and one of the product's wants a log-in."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chats.models import Project, Session
from chats.projects import sessions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unhashed_static")]


@pytest.fixture
def session(alice: User, tmp_path: Path) -> Session:
    project = Project.objects.create(owner=alice, name="tea", root=str(tmp_path))
    return sessions.create_session(project, name="Secret plan")


def test_it_shows_a_session_to_its_owner_only(client: Client, alice: User, charlie: User, session: Session) -> None:
    client.force_login(alice)
    assert b"Secret plan" in client.get(f"/sessions/{session.pk}").content
    client.force_login(charlie)
    assert client.get(f"/sessions/{session.pk}").status_code == 404
    assert b"Secret plan" not in client.get("/").content


def test_it_lists_sessions_for_their_owner_only(client: Client, alice: User, charlie: User, session: Session) -> None:
    lists = ["/projects/list", f"/sessions/{session.pk}/sidebar"]
    client.force_login(alice)
    assert all(b"Secret plan" in client.get(path).content for path in lists)
    client.force_login(charlie)
    assert [client.get(path).status_code for path in lists] == [200, 404]
    assert b"Secret plan" not in client.get("/projects/list").content


def test_it_starts_a_session_with_the_model_that_was_chosen_last(client: Client, alice: User, session: Session) -> None:
    client.force_login(alice)

    def model_of_a_new_session() -> str:
        client.post(f"/projects/{session.project_id}/sessions")
        return Session.objects.latest("id").model

    assert model_of_a_new_session() == ""  # the default, whatever that will be
    sessions.update_chat(sessions.create_chat(session), model="openai:mine")
    assert model_of_a_new_session() == "openai:mine"


def test_it_starts_no_session_in_a_project_of_somebody_else(client: Client, charlie: User, session: Session) -> None:
    client.force_login(charlie)
    assert client.post(f"/projects/{session.project_id}/sessions").status_code == 404
    assert Session.objects.count() == 1


@pytest.mark.parametrize("path", ["/", "/sessions/01890000-0000-7000-8000-000000000000"])
def test_it_asks_a_visitor_to_log_in(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/login?next={path}")


def test_it_changes_nothing_without_the_csrf_token(alice: User, session: Session) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(f"/projects/{session.project_id}/sessions").status_code == 403
    assert Session.objects.count() == 1
