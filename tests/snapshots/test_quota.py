"""Checkpoints over their quota lose their files, the oldest first; without git there are none to lose."""

import os
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from chats.models import Chat, Turn
from snapshots import checkpoints
from snapshots.files import git, quota
from snapshots.files.repository import Repository
from snapshots.models import Checkpoint
from tests.api.conftest import as_alice as as_alice
from tests.api.conftest import as_charlie as as_charlie
from tests.api.conftest import chat as chat
from tests.api.conftest import folder as folder
from tests.api.conftest import project as project
from tests.api.conftest import session as session


def turn(chat: Chat) -> Checkpoint:
    project = chat.session.project
    row = Turn.objects.create(chat=chat, user=project.owner, status=Turn.Status.COMPLETE)
    checkpoints.end(project.pk, chat.pk, row.pk, touched=True)
    checkpoints.capture_open(project.pk, project.root)
    return Checkpoint.objects.get(turn=row)


@pytest.fixture(autouse=True)
def _data(data_dir: Path) -> None:
    """Trees of these tests alone."""


def test_the_oldest_lose_their_files(
    chat: Chat, folder: Path, settings: Settings, as_alice: APIClient, as_charlie: APIClient
) -> None:
    settings.CHECKPOINT_QUOTA_MB = 4
    places = []
    for _ in range(8):
        (folder / "noise").write_bytes(os.urandom(1024 * 1024))
        places.append(turn(chat))
    states = list(Checkpoint.objects.filter(chat=chat, kind="turn").order_by("id").values_list("files", flat=True))
    assert states[0] == "pruned"
    assert states[-1] == "kept"
    assert states == sorted(states, reverse=True)
    repository = Repository(chat.session.project_id, str(folder))
    newest = Checkpoint.objects.get(pk=places[-1].pk)
    assert repository.git("cat-file", "-t", newest.tree) == b"tree\n"
    url = f"/api/projects/{chat.session.project_id}/checkpoints"
    usage = as_alice.get(url).json()
    assert usage["bytes"] <= usage["quota_bytes"] == 4 * 1024 * 1024
    assert usage["pruned"] == states.count("pruned") + 1  # and the place before the first turn
    assert as_charlie.get(url).status_code == 404
    refused = as_alice.post(f"/api/chats/{chat.pk}/restorations", {"checkpoint": str(places[0].pk)})
    assert refused.status_code == 409
    assert "quota" in refused.json()["detail"]


def test_a_project_may_have_a_quota_of_its_own(
    chat: Chat, folder: Path, settings: Settings, as_alice: APIClient, as_charlie: APIClient
) -> None:
    settings.CHECKPOINT_QUOTA_MB = 100
    for _ in range(3):
        (folder / "noise").write_bytes(os.urandom(1024 * 1024))
        turn(chat)
    url = f"/api/projects/{chat.session.project_id}/checkpoints"
    assert as_charlie.patch(url, {"quota_mb": 1}).status_code == 404
    assert as_alice.patch(url, {"quota_mb": 0}).status_code == 400
    usage = as_alice.patch(url, {"quota_mb": 2}).json()
    assert (usage["quota_bytes"], usage["default_quota_bytes"]) == (2 * 1024**2, 100 * 1024**2)
    quota.enforce(chat.session.project_id, Repository(chat.session.project_id, str(folder)))
    states = list(Checkpoint.objects.filter(chat=chat, kind="turn").order_by("id").values_list("files", flat=True))
    assert states == ["pruned", "pruned", "kept"]
    assert as_alice.patch(url, {"quota_mb": None}).json()["quota_bytes"] == 100 * 1024**2


def test_it_says_that_there_is_no_git(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "find_git", lambda: None)
    place = turn(chat)
    assert (place.files, place.tree) == ("none", "")
    assert place.note == "git is not installed on this machine."


def test_a_stranger_restores_nothing(chat: Chat, as_charlie: APIClient) -> None:
    place = turn(chat)
    assert as_charlie.get(f"/api/chats/{chat.pk}/timeline").status_code == 404
    body = {"checkpoint": str(place.pk)}
    assert as_charlie.post(f"/api/chats/{chat.pk}/restorations", body).status_code == 404
    assert as_charlie.get(f"/api/chats/{chat.pk}/files/a.txt/versions").status_code == 404
    assert as_charlie.get(f"/api/chats/{chat.pk}/checkpoints/{place.pk}/files").status_code == 404
    assert as_charlie.get(f"/api/chats/{chat.pk}/checkpoints/{place.pk}/files/a.txt").status_code == 404


def test_the_files_go_with_the_project(
    chat: Chat, folder: Path, as_alice: APIClient, django_capture_on_commit_callbacks: object
) -> None:
    turn(chat)
    project_id = chat.session.project_id
    directory = Repository(project_id, str(folder)).directory
    assert directory.exists()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert as_alice.delete(f"/api/projects/{project_id}").status_code == 204
        assert directory.exists(), "it can be brought back"
        assert as_alice.delete(f"/api/bin/{project_id}").status_code == 204
    assert not directory.exists()
