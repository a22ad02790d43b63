import os
from pathlib import Path

import pytest

from tests.tools.conftest import Call


async def test_it_deletes_a_file(root: Path, call: Call) -> None:
    (root / "a").touch()
    result = await call("delete_file", path="a")
    assert (result.output, result.changed_paths) == ("Deleted a.", ("a",))
    assert os.listdir(root) == []


async def test_it_deletes_no_directory_and_nothing_that_is_not_there(root: Path, call: Call) -> None:
    (root / "d").mkdir()
    assert (await call("delete_file", path="d")).error == "d is a directory: only files can be deleted."
    assert (await call("delete_file", path=".")).status == "error"
    assert (await call("delete_file", path="x")).error == "x does not exist."


async def test_it_moves_files_and_directories(root: Path, call: Call) -> None:
    (root / "src").mkdir()
    (root / "src/a").write_text("x")
    result = await call("move_file", path="src/a", to="lib/deep/b")
    assert (result.output, result.changed_paths) == ("Moved src/a to lib/deep/b.", ("src/a", "lib/deep/b"))
    assert (await call("move_file", path="lib", to="src/lib")).error is None
    assert (root / "src/lib/deep/b").read_text() == "x"


async def test_it_overwrites_nothing(root: Path, call: Call) -> None:
    (root / "a").write_text("a")
    (root / "b").write_text("b")
    assert "b exists already" in ((await call("move_file", path="a", to="b")).error or "")
    assert (root / "b").read_text() == "b"


@pytest.mark.parametrize(
    ("path", "to"),
    [("a", "../a"), ("../a", "b"), ("a", ".git/hooks/x"), (".git", "git"), (".", "b"), ("a", "."), ("d", "d/d")],
)
async def test_it_denies_what_is_out_of_bounds(root: Path, call: Call, path: str, to: str) -> None:
    (root / "a").touch()
    (root / "d").mkdir()
    (root / ".git").mkdir()
    assert (await call("move_file", path=path, to=to)).status == "error"
    assert sorted(os.listdir(root)) == [".git", "a", "d"]
