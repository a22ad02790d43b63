"""A token ends: by its expiry, over REST, by a command. Then it lets nobody in, on no way."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from rest_framework.test import APIClient
from uuid6 import uuid7

from boocode.db.plain_sql import execute
from chats.models import ApiToken
from chats.models.access import digest
from chats.web.authorization import NOT_LOGGED_IN, Credentials, check_admissions
from tests.access.test_tokens import printed
from tests.api.conftest import client_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def test_it_expires(alice: "User") -> None:
    secret = printed("createtoken", "alice", "--days", "30").strip()
    header = f"Bearer {secret}"
    client = APIClient(headers={"authorization": header})
    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)
    assert client.get("/api/projects").status_code == 200
    assert check_admissions([(Credentials(header, ""), None)])[0].code == 0
    ApiToken.objects.update(expires_at=timezone.now())
    answer = client.get("/api/projects")
    assert (answer.status_code, "expired" in answer.json()["detail"]) == (401, True)
    assert check_admissions([(Credentials(header, ""), None)])[0].code == NOT_LOGGED_IN
    assert printed("listtokens") == ""


@pytest.mark.parametrize("days", ["0", "-1", "soon", "3651", "1.5"])
def test_it_refuses_a_lifetime_that_is_none(alice: "User", days: str) -> None:
    with pytest.raises(CommandError, match="from 1 to 3650"):
        call_command("createtoken", "alice", f"--days={days}")
    assert not ApiToken.objects.exists()


def test_one_sees_and_revokes_ones_own(alice: "User", as_alice: APIClient, as_charlie: APIClient) -> None:
    ApiToken.issue(alice, "ci", ApiToken.Scope.READ, timedelta(days=1))
    current, other = as_alice.get("/api/tokens").json()
    assert (current["is_current"], current["expires_at"]) == (True, None)
    assert (other["name"], other["scope"], other["is_current"]) == ("ci", "read", False)
    assert not {"digest", "user", "token"} & set(other)
    assert [token["is_current"] for token in as_charlie.get("/api/tokens").json()] == [True]
    assert as_charlie.delete(f"/api/tokens/{other['id']}").status_code == 404
    assert as_alice.delete(f"/api/tokens/{other['id']}").status_code == 204
    assert as_alice.delete(f"/api/tokens/{other['id']}").status_code == 404
    assert [token["id"] for token in as_alice.get("/api/tokens").json()] == [current["id"]]
    assert as_alice.delete(f"/api/tokens/{current['id']}").status_code == 204
    assert as_alice.get("/api/tokens").status_code == 401


def test_a_token_that_only_reads_revokes_nothing(alice: "User") -> None:
    client = client_of(alice, ApiToken.Scope.READ)
    (token,) = client.get("/api/tokens").json()
    assert client.delete(f"/api/tokens/{token['id']}").status_code == 403


def test_commands_list_and_revoke(alice: "User", bob: "User") -> None:
    ApiToken.issue(alice, "ci", lifetime=timedelta(days=1))
    ApiToken.issue(bob, "mine")
    lines = printed("listtokens").splitlines()
    assert re.search(r"  alice  write  used never  expires \d{4}-\d\d-\d\d \d\d:\d\d  ci$", lines[0])
    assert lines[1].endswith("  bob  write  used never  expires never  mine")
    assert printed("listtokens", "bob").splitlines() == lines[1:]
    pk = lines[0].split()[0]
    assert printed("revoketoken", pk) == "Revoked.\n"
    assert printed("listtokens").splitlines() == lines[1:]
    for wrong in (pk, str(uuid7())):
        with pytest.raises(CommandError, match="listtokens"):
            call_command("revoketoken", wrong)


@pytest.mark.django_db(transaction=True)
def test_a_token_of_the_version_before_goes_on(alice: "User") -> None:
    MigrationExecutor(connection).migrate([("chats", "0010_bin")])
    try:
        now, secret = timezone.now(), "boo_of_the_version_before"
        native = connection.features.has_native_uuid_field
        key, at = (uuid7(), now) if native else (uuid7().hex, str(now.replace(tzinfo=None)))
        execute(
            "INSERT INTO chats_apitoken (id, user_id, name, scope, digest, created_at) VALUES (%s, %s, %s, %s, %s, %s)",
            *(key, alice.pk, "old", "write", digest(secret), at),
        )
    finally:
        call_command("migrate", verbosity=0)
    assert APIClient(headers={"authorization": f"Bearer {secret}"}).get("/api/projects").status_code == 200
    assert ApiToken.objects.get().expires_at is None
