from pathlib import Path

from pytest_django.fixtures import Settings
from rest_framework.test import APIClient


def test_it_lists_the_models_that_can_be_chosen(as_alice: APIClient) -> None:
    answer = as_alice.get("/api/models").json()
    assert answer["default"] == "scripted:demo"
    [demo] = [choice for choice in answer["choices"] if choice["name"] == "scripted:demo"]
    assert (demo["provider"], demo["local"]) == ("scripted", True)
    assert "script" in demo["label"]
    assert isinstance(answer["notes"], list)


def test_it_writes_the_sample_into_a_folder_of_its_own(as_alice: APIClient, settings: Settings, tmp_path: Path) -> None:
    settings.ALLOWED_ROOTS = [tmp_path]
    for folder in ("boocode-sample", "boocode-sample-2"):
        answer = as_alice.post("/api/sample")
        assert answer.status_code == 201
        assert len(answer.json()["chats"]) == 1
        project = as_alice.get(f"/api/projects/{answer.json()['project']}").json()
        assert project["root"] == str(tmp_path / folder)
        assert (tmp_path / folder / "README.md").is_file()


def test_it_says_where_the_sample_can_not_be_written(as_alice: APIClient, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.ALLOWED_ROOTS = [tmp_path / "file"]
    answer = as_alice.post("/api/sample")
    assert answer.status_code == 400
    assert "could not be written" in answer.json()["detail"]
