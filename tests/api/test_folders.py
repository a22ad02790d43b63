"""While somebody types a path, the folders that it could become are named; what may not be opened never is."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    root = tmp_path / "work"
    for name in ("shop/src", "shoes", "tea", ".cache"):
        (root / name).mkdir(parents=True)
    (root / "shopping.txt").touch()
    (tmp_path / "worker").mkdir()
    (root / "shady").symlink_to(tmp_path / "worker")
    settings.ALLOWED_ROOTS = [root]
    return root


def names(client: APIClient, text: Any) -> list[str]:
    answer = client.get("/api/folders", {"beginning": str(text)})
    assert answer.status_code == 200
    folders: list[str] = answer.json()["folders"]
    return folders


def test_it_names_what_a_path_could_become(as_alice: APIClient, root: Path) -> None:
    assert names(as_alice, f"{root}/sho") == [f"{root}/shoes", f"{root}/shop"]
    assert names(as_alice, f"{root}/shop/") == [f"{root}/shop/src"]
    assert names(as_alice, f"{root}/.c") == [f"{root}/.cache"]
    assert names(as_alice, "") == [str(root), *(f"{root}/{name}" for name in ("shoes", "shop", "tea"))]


def test_it_leads_the_way_to_the_roots(as_alice: APIClient, root: Path) -> None:
    assert names(as_alice, root.parent) == [str(root)]
    assert names(as_alice, "/") == [str(root)]


def test_it_names_nothing_outside_of_them(as_alice: APIClient, root: Path) -> None:
    for text in (f"{root}/../work", f"{root}/../", f"{root}er", f"{root}/sha", "/etc/", "~nobody-here/", "relative"):
        assert names(as_alice, text) == [], text
    assert names(as_alice, "/" + "x" * 5000) == []


def test_it_names_thirty_of_many(as_alice: APIClient, root: Path) -> None:
    for number in range(40):
        (root / "tea" / f"{number:02}").mkdir()
    assert names(as_alice, f"{root}/tea/") == [f"{root}/tea/{number:02}" for number in range(30)]
