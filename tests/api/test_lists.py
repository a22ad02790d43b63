"""The lists of projects and sessions come in pages, with filters; no call takes a parameter that it does not know."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rest_framework.test import APIClient

from chats.models import Chat, Project, Session
from chats.projects import sessions
from tests.api.test_described_bodies import calls
from tests.api.test_described_bodies import ids as ids

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.auth.models import User


def read_pages(client: APIClient, address: str, pages: int = 9) -> list[list[str]]:
    """The names on each page, by the links to the next one."""
    found = list[list[str]]()
    link: str | None = address
    while link and len(found) < pages:
        answer = client.get(link)
        found.append([entry["name"] for entry in answer.json()])
        link = read_links(answer).get("next")
    return found


def read_links(answer: Any) -> dict[str, str]:
    """The addresses in the header `Link`, by relation."""
    return {relation: link for link, relation in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers.get("Link", ""))}


@pytest.fixture
def five(alice: "User", charlie: "User", tmp_path: Path) -> list[Project]:
    Project.objects.create(owner=charlie, name="not mine", root=str(tmp_path / "x"))
    return [Project.objects.create(owner=alice, name=f"p{n}", root=str(tmp_path / f"folder{n}")) for n in range(5)]


def test_projects_come_in_pages_there_and_back(as_alice: APIClient, five: list[Project]) -> None:
    assert read_pages(as_alice, "/api/projects?limit=2") == [["p4", "p3"], ["p2", "p1"], ["p0"]]
    assert read_pages(as_alice, "/api/projects") == [["p4", "p3", "p2", "p1", "p0"]]
    second = as_alice.get(read_links(as_alice.get("/api/projects?limit=2"))["next"])
    first = as_alice.get(read_links(second)["prev"])
    assert [entry["name"] for entry in first.json()] == ["p4", "p3"]
    assert list(read_links(first)) == ["next"]
    assert "Link" not in as_alice.get("/api/projects").headers


def test_projects_are_found_by_name_and_folder(as_alice: APIClient, five: list[Project]) -> None:
    assert read_pages(as_alice, "/api/projects?q=P3") == [["p3"]]
    assert read_pages(as_alice, "/api/projects?q=folder1") == [["p1"]]
    assert read_pages(as_alice, f"/api/projects?root={five[2].root}") == [["p2"]]
    assert read_pages(as_alice, "/api/projects?q=folder&limit=3") == [["p4", "p3", "p2"], ["p1", "p0"]]
    assert read_pages(as_alice, "/api/projects?q=nothing") == [[]]


def test_sessions_come_in_pages_and_by_project_name_and_status(as_alice: APIClient, five: list[Project]) -> None:
    made: list[Session] = [sessions.create_session(five[n % 2], name=f"s{n}") for n in range(5)]
    Chat.objects.filter(session=made[3]).update(status=Chat.Status.WAITING)
    sessions.create_chat(made[3])
    Chat.objects.filter(session=made[3]).update(status=Chat.Status.WAITING)
    assert read_pages(as_alice, "/api/sessions?limit=3") == [["s4", "s3", "s2"], ["s1", "s0"]]
    assert read_pages(as_alice, f"/api/sessions?project={five[1].id}") == [["s3", "s1"]]
    assert read_pages(as_alice, "/api/sessions?q=S2") == [["s2"]]
    assert read_pages(as_alice, "/api/sessions?status=waiting") == [["s3"]]
    assert read_pages(as_alice, f"/api/sessions?status=waiting&project={five[0].id}") == [[]]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=bm8", "status=asleep"])
def test_it_says_what_is_wrong_with_a_query(as_alice: APIClient, query: str) -> None:
    answer = as_alice.get(f"/api/sessions?{query}")
    assert (answer.status_code, list(answer.json())) == (400, [query.partition("=")[0]])


@pytest.mark.parametrize(("method", "path"), calls(), ids=" ".join)
def test_no_call_takes_a_parameter_that_it_does_not_know(
    as_alice: APIClient, ids: dict[str, "UUID"], method: str, path: str
) -> None:
    address = path
    for name in ("chat", "session", "project", "trace", "checkpoint"):
        address = address.replace(f"{{{name}_id}}", str(ids[name]))
    address = (
        address.replace("{path}", "a.txt").replace("{id}", str(ids["project"])).replace("{turn_id}", str(ids["chat"]))
    )
    answer: Any = getattr(as_alice, method)(f"{address}?tol=x&limit=1&Wait=1", {} if method != "get" else None)
    assert answer.status_code == 400
    assert "There is no such parameter. " in answer.json()["tol"][0]
    assert "Wait" in answer.json()


def test_it_names_the_parameters_that_there_are(as_alice: APIClient) -> None:
    (sentence,) = as_alice.get("/api/sessions?projekt=x").json()["projekt"]
    assert sentence == "There is no such parameter. Allowed: limit, cursor, project, q, status."
    (sentence,) = as_alice.get("/api/models?x").json()["x"]
    assert sentence == "There is no such parameter. This call takes none."


def test_a_folder_is_one_project_of_a_person(
    as_alice: APIClient, as_charlie: APIClient, folder: Path, tmp_path: Path
) -> None:
    first = as_alice.post("/api/projects", {"root": str(folder)}).json()
    (tmp_path / "link").symlink_to(folder)
    for again in (folder, tmp_path / "link", f"{folder}/"):
        answer = as_alice.post("/api/projects", {"root": str(again)})
        assert (answer.status_code, answer.json()["project"]) == (409, first["id"])
        assert "shop" in answer.json()["detail"]
    other = tmp_path / "other"
    other.mkdir()
    second = as_alice.post("/api/projects", {"root": str(other)}).json()
    answer = as_alice.patch(f"/api/projects/{second['id']}", {"root": str(folder), "name": "moved"})
    assert (answer.status_code, answer.json()["project"]) == (409, first["id"])
    assert as_alice.get(f"/api/projects/{second['id']}").json()["name"] == "other"
    assert as_alice.patch(f"/api/projects/{first['id']}", {"root": str(folder)}).status_code == 200
    assert as_charlie.post("/api/projects", {"root": str(folder)}).status_code == 201
    as_alice.delete(f"/api/projects/{first['id']}")
    assert as_alice.post("/api/projects", {"root": str(folder)}).status_code == 201
