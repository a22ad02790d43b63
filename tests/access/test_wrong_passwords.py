from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.utils import timezone

pytestmark = pytest.mark.usefixtures("unhashed_static")

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PASSWORD = "alice's long password"


def log_in(client: Client, path: str, password: str, address: str = "127.0.0.1") -> int:
    form = {"username": "alice", "password": password}
    return client.post(path, form, REMOTE_ADDR=address).status_code


@pytest.mark.parametrize("path", ["/login", "/admin/login/"])
def test_it_slows_down_who_guesses(alice: "User", client: Client, path: str) -> None:
    alice.is_staff = True
    alice.save()
    answers = [log_in(client, path, f"guess {n}") for n in range(100)]
    assert answers[:9] == [200] * 9
    assert set(answers[9:]) == {429}
    assert log_in(client, path, PASSWORD) == 429
    page = client.post(path, {"username": "alice", "password": PASSWORD}).content.decode()
    assert "Wait 5 minutes" in page
    assert "loginlink" in page


def test_it_lets_the_person_in_from_elsewhere_and_after_a_while(alice: "User", client: Client) -> None:
    for n in range(20):
        log_in(client, "/login", f"guess {n}")
    assert log_in(Client(), "/login", PASSWORD, address="10.0.0.7") == 302
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=6))
    assert log_in(client, "/login", PASSWORD) == 302


def test_it_keeps_no_password_that_was_tried(alice: "User", client: Client) -> None:
    log_in(client, "/login", "nearly right")
    assert "nearly right" not in str(list(AccessAttempt.objects.values()))
