"""Projects and sessions of a database of the version before are not in the bin."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from chats.models import Project, Session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


def test_nothing_that_was_there_is_removed() -> None:
    call_command("migrate", "chats", "0009", verbosity=0)
    last = [("chats", "0009_data_directory")]
    before: Any = MigrationExecutor(connection).loader.project_state(last).apps.get_model
    user = before("auth", "User").objects.create(username="alice")
    project = before("chats", "Project").objects.create(owner=user, name="one", root="/w/one")
    before("chats", "Session").objects.create(project=project)
    call_command("migrate", verbosity=0)
    assert (Project.objects.get().removed_at, Session.objects.get().removed_at) == (None, None)
