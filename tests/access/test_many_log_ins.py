"""Many passwords at once, from nobody: two are checked at a time, the rest are refused, and others are served."""

import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import httpx2
import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from rest_framework.test import APIClient

from chats.models import ApiToken, Project
from tests.server import Server


@pytest.mark.parametrize("path", ["/login", "/admin/login/"])
def test_others_are_served_meanwhile(server: Server, path: str) -> None:
    def log_in(number: int) -> int:
        with httpx2.Client(base_url=server.url, timeout=60) as browser:
            page = browser.get(path).text
            secret = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
            form = {"username": f"user{number}", "password": "a guess", "csrfmiddlewaretoken": secret}
            return browser.post(path, data=form, headers={"Referer": server.url}).status_code

    with ThreadPoolExecutor(24) as pool:
        answers = [pool.submit(log_in, number) for number in range(24)]
        slowest = 0.0
        while not all(answer.done() for answer in answers):
            began = time.monotonic()
            assert httpx2.get(f"{server.url}/healthz", timeout=30).is_success
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.05)
    codes = {answer.result() for answer in answers}
    assert codes <= {200, 429}
    assert 429 in codes
    assert slowest < 3
    assert "Traceback" not in server.output


@pytest.mark.usefixtures("unhashed_static", "db")
def test_one_address_tries_thirty_names_a_minute() -> None:
    cache.clear()
    client = Client()

    def log_in(name: str, address: str) -> int:
        return client.post("/login", {"username": name, "password": "x"}, REMOTE_ADDR=address).status_code

    codes = [log_in(f"user{number}", "10.0.0.1") for number in range(32)]
    assert codes == [200] * 30 + [429] * 2
    assert log_in("user", "10.0.0.2") == 200
    form = {"username": "another", "password": "x"}
    assert client.post("/login", form, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="1.2.3.4").status_code == 429
    cache.clear()


def test_reading_with_a_token_needs_no_write(project: Project) -> None:
    token = ApiToken.issue(project.owner)
    with patch("django.db.models.query.QuerySet.update", side_effect=OperationalError("database or disk is full")):
        answer = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}").get("/api/projects")
    assert answer.status_code == 200
