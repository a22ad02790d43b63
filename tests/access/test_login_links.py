from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django.fixtures import Settings

from chats.accounts.authentication import make_login_link, redeem_login_link
from chats.accounts.server_address import record_address
from chats.models import LoginLink

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def redeem(secret: str) -> str | None:
    """The id of the user that the link logs in."""
    request = RequestFactory().get("/login/link")
    request.session = SessionStore()
    return request.session[SESSION_KEY] if redeem_login_link(request, secret) else None


def test_it_prints_the_address_of_the_server_that_was_started_last(
    alice: "User", settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    settings.DATA_DIR, settings.PUBLIC_URL, settings.PORT = tmp_path, "", 8123
    record_address()
    settings.PORT = 8000
    out = StringIO()
    call_command("loginlink", "alice", stdout=out)
    assert out.getvalue().startswith("http://127.0.0.1:8123/login/link?")
    monkeypatch.setenv("PORT", "8000")
    call_command("loginlink", "alice", stdout=out)
    assert out.getvalue().splitlines()[1].startswith("http://127.0.0.1:8000/")


def test_it_logs_in_once(alice: "User") -> None:
    secret = LoginLink.issue(alice)
    assert redeem(secret) == str(alice.pk)
    assert redeem(secret) is None


def test_it_refuses_unknown_old_and_replaced_links_and_those_of_users_who_left(alice: "User") -> None:
    for wrong in ("", "x", "\0", "ü" * 10_000):
        assert redeem(wrong) is None
    replaced = LoginLink.issue(alice)
    old = LoginLink.issue(alice)
    assert redeem(replaced) is None
    LoginLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert redeem(old) is None
    secret = LoginLink.issue(alice)
    alice.is_active = False
    alice.save()
    assert redeem(secret) is None


def test_it_prints_a_link_that_opens_the_door(alice: "User", client: Client) -> None:
    out = StringIO()
    call_command("loginlink", "alice", stdout=out)
    url = urlsplit(out.getvalue().strip())
    assert url.path == "/login/link"
    assert client.get(f"{url.path}?{url.query}").status_code == 302
    assert client.get("/api/projects").status_code == 200
    with pytest.raises(CommandError, match="no active user “admin”"):
        call_command("loginlink")


def test_it_names_an_address_that_a_browser_can_open(alice: "User", settings: Settings) -> None:
    for host, public, start in [
        ("127.0.0.1", "", "http://127.0.0.1:8123/"),
        ("0.0.0.0", "", "http://127.0.0.1:8123/"),
        ("::1", "", "http://[::1]:8123/"),
        ("127.0.0.1", "https://boo.example.org", "https://boo.example.org/"),
    ]:
        settings.HOST, settings.PORT, settings.PUBLIC_URL = host, 8123, public
        link = make_login_link(alice)
        assert link.startswith(start)
        assert redeem(parse_qs(urlsplit(link).query)["token"][0])
