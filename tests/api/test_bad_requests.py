import errno

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from rest_framework.test import APIClient

from chats.models import Chat, Project


def test_it_answers_in_json_where_there_is_nothing(as_alice: APIClient) -> None:
    for path in ("/api/nothing", "/api/", "/api/projects/", "/api/projects/7", "/api/chats/not-a-uuid/messages"):
        for method in (as_alice.get, as_alice.post, as_alice.delete):
            answer = method(path)
            assert (answer.status_code, answer["Content-Type"]) == (404, "application/json"), path
    assert "no slash at the end" in as_alice.get("/api/projects/").json()["detail"]


def test_it_answers_in_json_to_a_method_that_does_not_exist(as_alice: APIClient, chat: Chat) -> None:
    answer = as_alice.delete(f"/api/chats/{chat.id}/messages")
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/json")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[]", "JSON object"),
        ('"text"', "JSON object"),
        ("null", "JSON object"),
        ("7", "JSON object"),
        ("{", "JSON parse error"),
        ('{"name": NaN}', "JSON parse error"),
        ('{"name": ' + "9" * 5000 + "}", "JSON parse error"),
        (b'{"name": "\xff"}', "JSON parse error"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_it_refuses_a_body_that_is_no_object(as_alice: APIClient, project: Project, body: str, words: str) -> None:
    answer = as_alice.patch(f"/api/projects/{project.id}", body, content_type="application/json")
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_it_refuses_other_kinds_of_bodies(as_alice: APIClient, project: Project) -> None:
    answer = as_alice.patch(f"/api/projects/{project.id}", "name=x", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer["Content-Type"]) == (415, "application/json")


def test_it_refuses_a_body_beyond_the_limit(as_alice: APIClient, project: Project) -> None:
    body = '{"name": "' + "x" * 5_000_000 + '"}'
    answer = as_alice.patch(f"/api/projects/{project.id}", body, content_type="application/json")
    assert answer.status_code == 413
    assert "4 MB" in answer.json()["detail"]


def test_it_repairs_half_an_emoji(as_alice: APIClient, project: Project) -> None:
    url = f"/api/projects/{project.id}"
    answer = as_alice.patch(url, r'{"name": "a\ud83db \ud83d\ude00"}', content_type="application/json")
    assert (answer.status_code, answer.json()["name"]) == (200, "a\ufffdb 😀")
    answer = as_alice.patch(url, r'{"approval": "\ud83d"}', content_type="application/json")
    assert answer.status_code == 400


def test_it_hides_what_broke_and_answers_in_json(
    client: Client, as_alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("the canary")

    monkeypatch.setattr("chats.web.api.ProjectList.read_query", break_down)
    as_alice.raise_request_exception = False
    answer = as_alice.get("/api/projects")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/json")
    assert "canary" not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's disk is not ours to fill")
def test_it_says_that_the_disk_is_full(as_alice: APIClient, chat: Chat) -> None:
    as_alice.raise_request_exception = False
    url, message = f"/api/chats/{chat.id}/messages", {"content": "word " * 50_000}
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # other tests leave free pages, which could hold the message
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + 1}")
        try:
            answer = as_alice.post(url, message)
        finally:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert answer.status_code == 507
    assert "disk that BooCode keeps its data on is full" in answer.json()["detail"]
    assert as_alice.post(url, message).status_code == 202


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("could not extend file: No space left on device"), 507),
        (OperationalError("server closed the connection unexpectedly"), 503),
        (InterfaceError("connection already closed"), 503),
        (OSError(errno.ENOSPC, "No space left on device"), 507),
    ],
)
def test_it_tells_what_its_disk_or_its_database_lacks(
    as_alice: APIClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def break_down(*_: object) -> None:
        raise error

    monkeypatch.setattr("chats.web.api.ProjectList.read_query", break_down)
    as_alice.raise_request_exception = False
    assert as_alice.get("/api/projects").status_code == status


def test_it_names_no_host_that_is_not_its_own(as_alice: APIClient) -> None:
    answer = as_alice.get("/api/projects", headers={"host": "evil.example"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
