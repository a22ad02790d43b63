import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.tools.conftest import Call
from tools.files.tree import walk_files
from tools.files.workspace import Workspace


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


async def test_it_shows_a_tree(root: Path, call: Call) -> None:
    make(root, "README.md", "src/app.py", "src/lib/deep/far/away.py", ".github/ci.yml")
    assert (await call("list_files")).output.split("\n") == [
        ".github/",
        "  ci.yml",
        "README.md",
        "src/",
        "  app.py",
        "  lib/",
        "    deep/ …",
    ]
    assert (await call("list_files", path="src/lib", depth=9)).output == "deep/\n  far/\n    away.py"


async def test_it_leaves_out_what_is_ignored_and_git(root: Path, call: Call) -> None:
    make(root, "a.py", "a.pyc", "node_modules/x/y.js", "src/b.pyc", "src/keep.pyc", "src/out/z", ".git/config")
    (root / ".gitignore").write_text("*.pyc\nnode_modules/\n")
    (root / "src/.gitignore").write_text("!keep.pyc\n/out\n")
    lines = (await call("list_files")).output.split("\n")
    assert lines == [
        ".gitignore",
        "a.py",
        "a.pyc (ignored)",
        "node_modules/ (ignored)",
        "src/",
        "  .gitignore",
        "  keep.pyc",
    ]
    everything = (await call("list_files", ignored=True)).output
    assert "y.js" in everything
    assert "config" not in everything


async def test_it_does_not_follow_links(root: Path, call: Call) -> None:
    make(root, "src/a")
    (root / "loop").symlink_to(".")
    (root / "up").symlink_to("..")
    assert (await call("list_files")).output == "loop -> .\nsrc/\n  a\nup -> .."


async def test_it_is_bounded_and_says_so(root: Path, call: Call) -> None:
    make(root, *(f"many/{number:04}" for number in range(1_000)), "zoo/a")
    result = await call("list_files")
    assert result.truncated
    assert result.output.endswith("[the first 400 entries, and there may be more: list a directory of it]")
    assert "\nzoo/" in result.output


async def test_it_escapes_names_that_would_break_a_terminal(root: Path, call: Call) -> None:
    (root / "\x1b[31mred").touch()
    (root / "\udcff").mkdir()
    (root / "\udcff/a").touch()
    assert (await call("list_files")).output == "\\x1b[31mred\n\\udcff/\n  a"


async def test_it_marks_large_files(root: Path, call: Call) -> None:
    (root / "big.bin").touch()
    os.truncate(root / "big.bin", 3 * 1024 * 1024)
    assert (await call("list_files")).output == "big.bin (3.0 MB)"


async def test_it_says_that_a_directory_is_empty_or_none(root: Path, call: Call) -> None:
    (root / "a").touch()
    (root / "d").mkdir()
    assert (await call("list_files", path="d")).output == "[d is empty]"
    assert "not a directory" in ((await call("list_files", path="a")).error or "")


NAMES = st.sampled_from(["a", "b", "a.log", "b.log", "build", "x y"])
PATTERNS = st.sampled_from(
    ["*.log", "build", "build/", "/a", "a/b", "**/b", "!a.log", "!build/", "a/", "/build/*.log", "#x", "", "x*", "b**"]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=8),
    st.dictionaries(st.sampled_from(["", "a/", "build/"]), st.lists(PATTERNS, min_size=1, max_size=4)),
)
@example([["a.log", "a", "a"]], {"": ["a/", "!a.log"]})
def test_it_ignores_what_git_ignores(
    tmp_path_factory: pytest.TempPathFactory,
    paths: list[list[str]],
    ignores: dict[str, list[str]],
) -> None:
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    for place, patterns in ignores.items():
        if place == "" or not (root / place).is_file():
            (root / place).mkdir(exist_ok=True)
            (root / place / ".gitignore").write_text("\n".join(patterns))
    for path in paths:
        target = root.joinpath(*path)
        if not any(parent.is_file() for parent in target.parents) and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
    listing = ["git", "-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard"]
    wanted = subprocess.run(listing, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")[:-1]
    assert sorted("/".join(entry.parts) for entry in walk_files(Workspace(root), ())) == sorted(wanted)
