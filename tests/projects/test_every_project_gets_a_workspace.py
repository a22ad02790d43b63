"""A database of the version before gets a workspace for each project, and each chat works in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from chats.models import Chat, Project, Workspace
from snapshots.models import Checkpoint, Quota, Restoration

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


def test_it_makes_one_for_each_project_under_the_projects_id() -> None:
    call_command("migrate", "snapshots", "0006", verbosity=0)
    call_command("migrate", "chats", "0006", verbosity=0)
    last = [("chats", "0006_fewer_indexes"), ("snapshots", "0006_snapshots_without_sums")]
    before: Any = MigrationExecutor(connection).loader.project_state(last).apps.get_model
    user = before("auth", "User").objects.create(username="alice")
    chats = {}
    for name in ("one", "two", "empty"):
        project = before("chats", "Project").objects.create(owner=user, name=name, root=f"/w/{name}")
        for _ in range(0 if name == "empty" else 2):
            session = before("chats", "Session").objects.create(project=project)
            for _ in range(2):
                chats[before("chats", "Chat").objects.create(session=session, name=name).pk] = project.pk
        checkpoint = None
        for chat in before("chats", "Chat").objects.filter(session__project=project):
            about = {"project": project, "chat": chat}
            checkpoint = before("snapshots", "Checkpoint").objects.create(**about, tree=name, files="kept")
        if checkpoint is not None:
            before("snapshots", "Restoration").objects.create(**about, checkpoint=checkpoint, scope="files")
            before("snapshots", "Quota").objects.create(project=project, megabytes=7)
    call_command("migrate", verbosity=0)
    assert {row.pk: row.root for row in Workspace.objects.all()} == {p.pk: p.root for p in Project.objects.all()}
    assert {row.kind for row in Workspace.objects.all()} == {Workspace.Kind.PROJECT}
    assert dict(Chat.objects.values_list("pk", "workspace_id")) == chats
    assert len(chats) == 8
    places = Checkpoint.objects.values_list("chat_id", "workspace_id", "tree", "files")
    assert sorted(places) == sorted((chat, chats[chat], Chat.objects.get(pk=chat).name, "kept") for chat in chats)
    busy = set(chats.values())
    assert set(Restoration.objects.values_list("workspace_id", "state")) == {(pk, "planned") for pk in busy}
    assert set(Quota.objects.values_list("pk", "megabytes")) == {(pk, 7) for pk in busy}


def test_a_moved_project_takes_its_workspace_along() -> None:
    user = get_user_model().objects.create_user("alice")
    project = Project.objects.create(owner=user, name="work", root="/w/old")
    workspace = Workspace.of_project(project)
    assert Workspace.of_project(project) == workspace
    Project.objects.filter(pk=project.pk).update(root="/w/new")
    assert Workspace.objects.get(pk=workspace.pk).root == "/w/new"
