import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tools import registry
from tools.base import ToolContext
from tools.files.workspace import Workspace


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


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A folder of the person's outside of the project, a repository of its own."""
    folder = tmp_path / "private"
    folder.mkdir()
    in_git(folder, "init", "-q")
    (folder / "id_rsa").write_text("PRIVATE KEY\n")
    in_git(folder, "add", ".")
    in_git(folder, "commit", "-qm", "x")
    (folder / "id_rsa").write_text("PRIVATE KEY\nMORE\n")
    return folder


def lead_out_by_work_tree(root: Path, secret: Path) -> None:
    in_git(root, "init", "-q")
    in_git(root, "config", "core.worktree", str(secret))
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=root, input=b"x", capture_output=True, check=True
    )
    in_git(root, "update-index", "--add", "--cacheinfo", f"100644,{blob.stdout.decode().strip()},id_rsa")


def lead_out_by_file(root: Path, secret: Path) -> None:
    (root / ".git").write_text(f"gitdir: {secret}/.git\n")


def lead_out_by_link(root: Path, secret: Path) -> None:
    (root / ".git").symlink_to(secret / ".git")


def lead_out_by_alternates(root: Path, secret: Path) -> None:
    in_git(root, "init", "-q")
    (root / ".git/objects/info/alternates").write_text(f"{secret}/.git/objects\n")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=secret, capture_output=True, check=True).stdout
    (root / ".git/refs/heads/main").write_bytes(head)
    (root / ".git/HEAD").write_text("ref: refs/heads/main\n")


def lead_out_by_common_directory(root: Path, secret: Path) -> None:
    in_git(root, "init", "-q")
    (root / ".git/commondir").write_text(f"{secret}/.git\n")


def lead_out_by_linked_objects(root: Path, secret: Path) -> None:
    lead_out_by_alternates(root, secret)
    (root / ".git/objects/info/alternates").unlink()
    shutil.rmtree(root / ".git/objects")
    (root / ".git/objects").symlink_to(secret / ".git/objects")


WAYS_OUT = [value for name, value in list(globals().items()) if name.startswith("lead_out_by_")]


@pytest.mark.parametrize("lead_out", WAYS_OUT, ids=lambda way: way.__name__)
async def test_they_show_nothing_of_other_places(
    root: Path, secret: Path, call: Call, lead_out: Callable[[Path, Path], None]
) -> None:
    lead_out(root, secret)
    looks: list[dict[str, object]] = [{}, {"commit": "HEAD"}, {"staged": True}]
    for result in [await call("git_status"), *[await call("git_diff", **args) for args in looks]]:
        assert "KEY" not in result.output
        assert "MORE" not in result.output


async def test_a_linked_work_tree_and_a_folder_in_a_repository_are_shown(
    root: Path, secret: Path, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    in_git(secret, "worktree", "add", "-q", str(linked))
    (linked / "id_rsa").write_text("changed\n")
    (secret / "sub").mkdir()
    (secret / "sub" / "new").write_text("1\n")
    for folder, shown in ((linked, "M id_rsa"), (secret / "sub", "?? ")):
        context = ToolContext(Workspace(folder))
        status = await registry.call("git_status", {}, context)
        assert status.error is None
        assert shown in status.output
        assert "id_rsa" not in status.output or folder == linked


async def test_no_colours_are_told(repository: Path, call: Call) -> None:
    for setting in ("color.ui", "color.status", "color.diff"):
        in_git(repository, "config", setting, "always")
    (repository / "a.py").write_text("changed\n")
    for result in [await call("git_status"), await call("git_diff")]:
        assert "\x1b" not in result.output
