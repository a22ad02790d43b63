from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.usefixtures("unhashed_static")

if TYPE_CHECKING:
    from django.contrib.auth.models import User

BODY = {"root": "/nowhere"}


def test_it_wants_a_csrf_token_with_a_cookie(alice: "User") -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.get("/api/projects").status_code == 200
    answer = client.post("/api/projects", BODY, content_type="application/json")
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


def test_it_takes_a_write_with_its_csrf_token(alice: "User") -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    client.get("/")
    secret = client.cookies[settings.CSRF_COOKIE_NAME].value
    answer = client.post("/api/projects", BODY, content_type="application/json", headers={"x-csrftoken": secret})
    assert answer.status_code == 400
    assert "root" in answer.json()
    evil = {"x-csrftoken": secret, "origin": "http://localhost:1"}
    assert client.post("/api/projects", BODY, content_type="application/json", headers=evil).status_code == 403


def test_it_ends_with_the_user(alice: "User") -> None:
    client = Client()
    client.force_login(alice)
    alice.is_active = False
    alice.save()
    assert client.get("/api/projects").status_code == 401
