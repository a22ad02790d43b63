from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chats.models import ApiToken, Approval, DataDirectory, LoginLink, LogSlice, Message, Project, Rule, Turn
from chats.projects import sessions
from snapshots import agent_snapshots
from snapshots.models import CallStart, Checkpoint, Quota, Restoration
from traces.models import DailyUsage, ModelStep, ToolTrace, TurnSummary

pytestmark = pytest.mark.usefixtures("unhashed_static")

OURS = [model for app in ("chats", "traces", "snapshots") for model in apps.get_app_config(app).get_models()]
CANARY = "canary in a body"


def make_everything(name: str) -> None:
    user = get_user_model().objects.create_user(name)
    project = Project.objects.create(owner=user, name=name, root=f"/{name}")
    session = sessions.create_session(project, name=name)
    chat = session.chats.get()
    turn = Turn.objects.create(chat=chat, user=user, status="complete")
    message = Message.objects.create(session=session, chat=chat, turn=turn, role="assistant", content=CANARY)
    trace = ToolTrace.objects.create(
        chat=chat, message=message, turn=turn, step=1, tool="bash", input={}, output=CANARY, started_at=timezone.now()
    )
    now = timezone.now()
    Approval.objects.create(trace=trace, turn=turn, expires_at=now)
    Rule.objects.create(project=project, tool="bash", pattern="ls", verdict="allow", created_by=user)
    ModelStep.objects.create(chat=chat, message=message, turn=turn, number=1, model="one", started_at=now)
    TurnSummary.objects.create(chat=chat, turn=turn, title=name, queued_at=now)
    DailyUsage.objects.create(chat=chat, day=now.date(), kind="tool", name="bash")
    LogSlice.objects.create(session=session, first_ord=1, last_ord=2, frames=CANARY)
    checkpoint = Checkpoint.objects.create(workspace=chat.workspace, chat=chat)
    Restoration.objects.create(workspace=chat.workspace, chat=chat, user=user, checkpoint=checkpoint, scope="files")
    CallStart.objects.create(trace=trace)
    Quota.objects.create(workspace=chat.workspace, megabytes=500)
    agent_snapshots.save(chat.id, {"is": CANARY})
    ApiToken.issue(user)
    DataDirectory.objects.create()
    LoginLink.issue(user)


@pytest.fixture
def as_admin(client: Client, db: None) -> Client:
    client.force_login(get_user_model().objects.create_superuser("root"))
    return client


def url_of(model: Any, rest: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{rest}"


def test_it_has_a_page_for_every_model() -> None:
    assert all(admin.site.is_registered(model) for model in OURS)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_it_asks_as_often_for_many_rows_as_for_one(as_admin: Client, model: Any) -> None:
    counts = []
    for names in (["one"], [f"user{n}" for n in range(5)]):
        for name in names:
            make_everything(name)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = as_admin.get(url_of(model))
        assert page.status_code == 200
        assert CANARY not in page.content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_it_loads_no_bodies_for_a_list(as_admin: Client, model: Any) -> None:
    make_everything("one")
    with CaptureQueriesContext(connection) as queries:
        as_admin.get(url_of(model))
    lists = [query["sql"] for query in queries if f'FROM "{model._meta.db_table}"' in query["sql"]]
    assert lists
    for column in ("content", "frames", "output", "input", "data", "tool_results"):
        assert not any(f'"{model._meta.db_table}"."{column}"' in sql for sql in lists), column


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_it_opens_and_finds_each_row(as_admin: Client, model: Any) -> None:
    make_everything("one")
    row = model.objects.first()
    assert as_admin.get(url_of(model, f"{row.pk}/change/")).status_code == 200
    assert as_admin.get(url_of(model, "?q=one")).status_code == 200


@pytest.mark.parametrize("model", [m for m in OURS if m is not Project], ids=lambda model: model.__name__)
def test_it_lets_nobody_edit_what_happened(as_admin: Client, model: Any) -> None:
    make_everything("one")
    row = model.objects.first()
    assert as_admin.get(url_of(model, "add/")).status_code == 403
    assert as_admin.post(url_of(model, f"{row.pk}/change/"), {}).status_code == 403


def test_it_changes_how_a_project_is_worked_on_and_not_its_folder(as_admin: Client) -> None:
    make_everything("one")
    project = Project.objects.get()
    form = {"name": "two", "root": "/etc", "check_command": "make", "approval": "auto", "command_limit_s": "60"}
    assert as_admin.post(url_of(Project, f"{project.pk}/change/"), form).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.root, project.approval) == ("two", "/one", "auto")
    assert as_admin.post(url_of(Project, f"{project.pk}/delete/"), {"post": "yes"}).status_code == 403


def test_it_revokes_tokens(as_admin: Client) -> None:
    make_everything("one")
    token = ApiToken.objects.get()
    as_admin.post(url_of(ApiToken), {"action": "revoke", "_selected_action": [str(token.pk)]})
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_it_is_closed_to_everybody_else(client: Client, alice: Any) -> None:
    client.force_login(alice)
    for model in OURS:
        assert client.get(url_of(model)).status_code == 302
