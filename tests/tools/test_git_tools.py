import os
import subprocess
from pathlib import Path

import pytest

from tests.tools.conftest import Call


def in_git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=root, check=True)


@pytest.fixture
def repository(root: Path) -> Path:
    in_git(root, "init", "-q", "-b", "main")
    (root / "a.py").write_text("one\ntwo\n")
    (root / "b.py").write_text("b\n")
    in_git(root, "add", ".")
    in_git(root, "commit", "-qm", "first")
    return root


@pytest.mark.usefixtures("repository")
async def test_it_tells_the_branch_and_what_changed(root: Path, call: Call) -> None:
    assert (await call("git_status")).output == "## main\n[nothing changed]\n"
    (root / "a.py").write_text("one\n2\n")
    (root / "é.py").touch()
    assert (await call("git_status")).output == "## main\n M a.py\n?? é.py\n"


@pytest.mark.usefixtures("repository")
async def test_it_shows_the_diff(root: Path, call: Call) -> None:
    assert (await call("git_diff")).output.startswith("[no difference")
    (root / "a.py").write_text("one\n2\n")
    (root / "b.py").write_text("bb\n")
    output = (await call("git_diff")).output
    assert "-two\n+2\n" in output
    assert "+bb" in output
    assert "+bb" not in (await call("git_diff", path="a.py")).output
    in_git(root, "add", "a.py")
    assert "+2" not in (await call("git_diff")).output
    assert "+2" in (await call("git_diff", staged=True)).output
    assert "+2" in (await call("git_diff", commit="HEAD")).output


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    "args",
    [
        {"commit": "--output=x"},
        {"commit": "-Ox"},
        {"path": "../x"},
        {"commit": "nowhere"},
        {"commit": "/etc/passwd"},
        {"commit": "a b"},
    ],
)
async def test_it_takes_no_options_and_no_way_out(root: Path, call: Call, args: dict[str, str]) -> None:
    assert (await call("git_diff", **args)).status == "error"
    assert sorted(os.listdir(root)) == [".git", "a.py", "b.py"]


@pytest.mark.usefixtures("repository")
async def test_it_runs_nothing_that_the_repository_names(root: Path, call: Call) -> None:
    evil = f"touch {root.parent}/owned; cat"
    for key in ("core.fsmonitor", "core.pager", "diff.external", "diff.evil.command", "diff.evil.textconv"):
        in_git(root, "config", key, evil)
    for key in ("filter.evil.clean", "filter.evil.process", "filter.=.clean", "filter.a.b=c.clean"):
        in_git(root, "config", key, evil)
    in_git(root, "config", "filter.evil.required", "true")
    (root / ".gitattributes").write_text("*.py diff=evil filter=evil\nb.py filter==\n")
    (root / "a.py").write_text("one\n2\n")
    assert "+2" in (await call("git_diff")).output
    assert " M a.py" in (await call("git_status")).output
    assert "owned" not in os.listdir(root.parent)


@pytest.mark.usefixtures("repository")
async def test_it_runs_no_git_in_a_submodule(root: Path, call: Call) -> None:
    sub = root / "sub"
    sub.mkdir()
    in_git(sub, "init", "-q")
    in_git(sub, "config", "user.email", "evil@example.org")
    in_git(sub, "config", "user.name", "evil")
    in_git(sub, "commit", "-q", "--allow-empty", "-m", "x")
    in_git(root, "-c", "advice.addEmbeddedRepo=false", "add", "sub")
    in_git(root, "config", "diff.submodule", "diff")
    in_git(sub, "config", "core.fsmonitor", f"touch {root.parent}/owned; cat")
    await call("git_diff")
    await call("git_diff", commit="HEAD")
    await call("git_status")
    assert "owned" not in os.listdir(root.parent)


async def test_it_says_that_there_is_no_repository(call: Call) -> None:
    assert (await call("git_status")).error == "This project is not a git repository."
    for args in ({}, {"commit": "/etc/passwd", "path": "a"}, {"commit": "/etc/passwd"}):
        assert (await call("git_diff", **args)).error == "This project is not a git repository."
