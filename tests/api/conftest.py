"""The API's test clients, and things of alice's to ask for."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from chats.models import ApiToken, Chat, Project, Session
from chats.projects import sessions
from tests.api.checked_client import CheckedClient

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def client_of(user: Any, scope: str = ApiToken.Scope.WRITE) -> APIClient:
    """A client with a token of the user's."""
    client = CheckedClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiToken.issue(user, scope=scope)}")
    client.default_format = "json"
    return client


@pytest.fixture
def unhashed_static(settings: Settings) -> None:
    """Pages name their static files plainly: collecting them takes seconds, and is `serve`'s business."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


@pytest.fixture
def as_alice(alice: "User") -> APIClient:
    return client_of(alice)


@pytest.fixture
def as_charlie(charlie: "User") -> APIClient:
    return client_of(charlie)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shop"
    made.mkdir()
    return made


@pytest.fixture
def project(alice: "User", folder: Path) -> Project:
    return Project.objects.create(owner=alice, name="shop", root=str(folder))


@pytest.fixture
def session(project: Project) -> Session:
    return sessions.create_session(project, model="scripted:demo")


@pytest.fixture
def chat(session: Session) -> Chat:
    return session.chats.get()
