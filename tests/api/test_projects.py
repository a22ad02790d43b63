from pathlib import Path

from rest_framework.test import APIClient

from chats.models import Project, Session


def test_it_makes_a_project_of_a_folder(as_alice: APIClient, folder: Path) -> None:
    answer = as_alice.post("/api/projects", {"root": str(folder)})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["name"], made["root"], made["approval"]) == ("shop", str(folder), "ask")
    assert as_alice.get("/api/projects").json() == [made]
    assert as_alice.get(f"/api/projects/{made['id']}").json() == made


def test_it_says_what_is_wrong_with_a_root(as_alice: APIClient, folder: Path) -> None:
    file = folder / "notes.txt"
    file.write_text("")
    for root, words in {
        str(folder / "missing"): "There is no folder",
        str(file): "is a file",
        "/etc": "outside the folders",
        "relative/path": "is no absolute path",
        "~nobody-of-that-name/shop": "There is no user",
        "": "Name a folder",
        "/x\0y": "Null characters",
        "/" + "x" * 5000: "no more than 4096",
        str(folder / ("x" * 300)): "can't be opened",
        "x" * 4000: "is no absolute path",
        "/" + "x/" * 2000: "outside the folders",
    }.items():
        answer = as_alice.post("/api/projects", {"name": "shop", "root": root})
        assert answer.status_code == 400, root
        assert words in answer.json()["root"][0]
        assert len(answer.json()["root"][0]) < 500
    assert not Project.objects.exists()


def test_it_names_the_choices_of_approval(as_alice: APIClient, folder: Path) -> None:
    answer = as_alice.post("/api/projects", {"root": str(folder), "approval": "sometimes"})
    assert answer.status_code == 400
    assert answer.json() == {"approval": ["“sometimes” is none of: ask, auto, read_only."]}


def test_it_changes_what_is_given_and_no_more(as_alice: APIClient, project: Project) -> None:
    answer = as_alice.patch(f"/api/projects/{project.id}", {"approval": "auto"})
    assert answer.status_code == 200
    assert (answer.json()["approval"], answer.json()["name"]) == ("auto", "shop")
    assert as_alice.put(f"/api/projects/{project.id}", {"name": "x"}).status_code == 405


def test_it_forgets_a_project_and_keeps_its_folder(as_alice: APIClient, session: Session, folder: Path) -> None:
    assert as_alice.delete(f"/api/projects/{session.project_id}").status_code == 204
    assert as_alice.get("/api/projects").json() == as_alice.get("/api/sessions").json() == []
    assert folder.is_dir()
