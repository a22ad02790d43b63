from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from chats.accounts.authentication import authenticate_token
from chats.models import ApiToken, Project
from tests.api.conftest import client_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_it_prints_a_token_and_nothing_else(alice: "User") -> None:
    line = printed("createtoken", "alice", "--name", "ci")
    assert line.startswith("boo_")
    assert line.count("\n") == 1
    token = authenticate_token(f"Bearer {line.strip()}")
    assert token is not None
    assert (token.user, token.name, token.scope) == (alice, "ci", "write")
    assert line.strip() not in str(list(ApiToken.objects.values()))


def test_it_says_which_users_there_are(alice: "User") -> None:
    with pytest.raises(CommandError, match=r"no active user “nobody”. Choose one of: alice"):
        call_command("createtoken", "nobody")


def test_it_lets_a_read_token_read_only(alice: "User", project: Project) -> None:
    client = APIClient(headers={"authorization": f"Bearer {printed('createtoken', 'alice', '--read').strip()}"})
    assert client.get("/api/projects").status_code == 200
    for answer in (
        client.post("/api/projects", {"root": project.root}, format="json"),
        client.patch(f"/api/projects/{project.id}", {"name": "x"}, format="json"),
        client.delete(f"/api/projects/{project.id}"),
    ):
        assert answer.status_code == 403
        assert "only read" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer boo_wrong", "bearer x y", "Bearer bo\xf6"])
def test_it_refuses_a_token_that_is_none(db: None, header: str) -> None:
    answer = APIClient(headers={"authorization": header}).get("/api/projects")
    assert answer.status_code == 401
    assert "createtoken" in answer.json()["detail"]


def test_it_does_not_take_other_schemes(alice: "User") -> None:
    assert APIClient(headers={"authorization": "Basic YWxpY2U6eA=="}).get("/api/projects").status_code == 401


def test_it_refuses_a_token_that_was_revoked_or_whose_user_left(alice: "User") -> None:
    client = client_of(alice)
    assert client.get("/api/projects").status_code == 200
    alice.is_active = False
    alice.save()
    assert client.get("/api/projects").status_code == 401
    alice.is_active = True
    alice.save()
    ApiToken.objects.update(revoked_at=timezone.now())
    assert client.get("/api/projects").status_code == 401


def test_it_notes_the_last_use_once_a_minute(alice: "User", django_assert_num_queries: Any) -> None:
    header = f"Bearer {ApiToken.issue(alice)}"
    with django_assert_num_queries(2):
        authenticate_token(header)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with django_assert_num_queries(1):
        authenticate_token(header)
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    authenticate_token(header)
    again = ApiToken.objects.get().last_used_at
    assert again is not None
    assert again >= first
