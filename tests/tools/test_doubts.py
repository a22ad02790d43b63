"""What the arguments of a harmless command do not show: whose program it is, and what the repository makes of git."""

import os
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tools.doubts import doubt, lies_in
from tools.workspace import Workspace


@pytest.fixture
async def repository(root: Path, call: Call) -> Path:
    for command in (["init", "-q"], ["config", "user.name", "a"], ["config", "user.email", "a@b.c"]):
        assert (await call("run_command", command=["git", *command])).error is None
    return root


async def test_it_has_none_about_the_machines_programs(repository: Path, workspace: Workspace) -> None:
    for argv in (["ls"], ["git", "status"], ["git", "diff"], ["nowhere-to-be-found"]):
        assert await doubt(workspace, argv, ".") == ""


async def test_it_doubts_a_program_that_the_agent_could_have_written(
    root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project's own bin on PATH, as with an activated environment: `ls` would be a file there."""
    bin_dir = root / ".venv/bin"
    bin_dir.mkdir(parents=True)
    (bin_dir / "ls").write_text("#!/bin/sh\n")
    (bin_dir / "ls").chmod(0o755)
    (bin_dir / "cat").symlink_to("/bin/cat")
    (root.parent / "bin").symlink_to(bin_dir)
    for place in (bin_dir, root.parent / "bin"):
        monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
        for name in ("ls", "cat"):
            assert "lies in the project" in await doubt(workspace, [name, "-l"], ".")
        assert await doubt(workspace, ["head"], ".") == ""


def test_a_link_into_the_project_lies_in_it(root: Path) -> None:
    (root / "ls").touch()
    (root.parent / "ls").symlink_to(root / "ls")
    assert lies_in(root, str(root.parent / "ls"))
    assert not lies_in(root, f"{root}-evil/ls")


@pytest.mark.parametrize(
    "setting",
    ["filter.x.clean", "diff.external", "diff.x.textconv", "diff.x.command", "gpg.program", "gpg.ssh.program"],
)
async def test_it_doubts_git_where_the_repository_names_programs(
    repository: Path, workspace: Workspace, call: Call, setting: str
) -> None:
    (repository / "src").mkdir()
    await call("run_command", command=["git", "config", setting, "touch owned"])
    for directory in (".", "src", str(repository / "src")):
        assert setting in (await doubt(workspace, ["git", "log"], directory)).lower()
    assert await doubt(workspace, ["ls"], ".") == ""


async def test_it_leaves_what_the_person_set_for_all_repositories(
    repository: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text('[filter "lfs"]\nclean = git-lfs clean\n')
    assert await doubt(workspace, ["git", "status"], ".") == ""


@pytest.mark.parametrize("command", [["status"], ["diff"], ["diff", "HEAD"], ["log", "-p"], ["show"]])
async def test_no_command_that_only_reads_runs_a_hook_or_a_monitor(
    repository: Path, call: Call, command: list[str]
) -> None:
    """With husky the hooks are files of the project."""
    hook = repository / ".husky/post-index-change"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {repository}/owned\n")
    hook.chmod(0o755)
    (repository / "a").write_text("x\n")
    for arguments in (["add", "."], ["commit", "-qm", "x"]):
        assert (await call("run_command", command=["git", *arguments])).error is None
    for name in ("core.hooksPath", "core.fsmonitor"):
        await call("run_command", command=["git", "config", name, str(hook if "monitor" in name else hook.parent)])
    (repository / "a").write_text("x\n")
    os.utime(repository / "a", (1, 1))
    assert (await call("run_command", command=["git", *command])).error is None
    assert not (repository / "owned").exists()
