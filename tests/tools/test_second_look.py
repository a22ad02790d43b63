"""What the arguments of a harmless command do not show: whose program it is, and what the repository makes of git."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tools.files.workspace import Workspace
from tools.permissions.second_look import find_risk, lies_in


@pytest.fixture
async def repository(root: Path, call: Call) -> Path:
    for command in (["init", "-q"], ["config", "user.name", "a"], ["config", "user.email", "a@b.c"]):
        assert (await call("run_command", command=["git", *command])).error is None
    return root


async def test_it_finds_no_risk_in_the_machines_programs(repository: Path, workspace: Workspace) -> None:
    for argv in (["ls"], ["git", "status"], ["git", "diff"], ["nowhere-to-be-found"]):
        assert await find_risk(workspace, argv, ".") is None


async def test_it_warns_of_a_program_that_the_agent_could_have_written(
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
            assert "lies in the project" in (await find_risk(workspace, [name, "-l"], ".") or "")
        assert await find_risk(workspace, ["head"], ".") is None


def test_a_link_into_the_project_lies_in_it(root: Path) -> None:
    (root / "ls").touch()
    (root.parent / "ls").symlink_to(root / "ls")
    assert lies_in(root, str(root.parent / "ls"))
    assert not lies_in(root, f"{root}-evil/ls")


@pytest.mark.parametrize(
    "setting",
    ["filter.x.clean", "diff.external", "diff.x.textconv", "diff.x.command", "gpg.program", "gpg.ssh.program"],
)
async def test_it_warns_of_git_where_the_repository_names_programs(
    repository: Path, workspace: Workspace, call: Call, setting: str
) -> None:
    (repository / "src").mkdir()
    await call("run_command", command=["git", "config", setting, "touch owned"])
    for directory in (".", "src", str(repository / "src")):
        assert setting in (await find_risk(workspace, ["git", "log"], directory) or "").lower()
    assert await find_risk(workspace, ["ls"], ".") is None


async def test_it_leaves_what_the_person_set_for_all_repositories(
    repository: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text('[filter "lfs"]\nclean = git-lfs clean\n')
    assert await find_risk(workspace, ["git", "status"], ".") is None


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


@pytest.fixture
async def with_submodule(repository: Path, call: Call, tmp_path: Path) -> Path:
    """The repository with a submodule in `sub`, and one more in `sub/deep`."""
    for name in ("deep", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("1\n")
        git(tmp_path / name, "init", "-q")
        git(tmp_path / name, "add", ".")
    git(tmp_path / "deep", "commit", "-qm", "x")
    git(
        tmp_path / "other", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "deep"), "deep"
    )
    git(tmp_path / "other", "commit", "-qm", "x")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "other"), "sub")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init", "--recursive")
    git(repository, "commit", "-qm", "x")
    return repository


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=folder, check=True)


SAFE_LOOKS = (["status"], ["status", "-s"], ["diff"], ["diff", "HEAD"], ["describe", "--dirty", "--always"])


@pytest.mark.parametrize("where", ["sub", "sub/deep"])
@pytest.mark.parametrize("setting", ["core.fsmonitor", "filter.x.clean", "diff.external", "core.hooksPath"])
async def test_it_warns_of_what_a_submodule_would_run(
    with_submodule: Path, workspace: Workspace, where: str, setting: str
) -> None:
    for command in SAFE_LOOKS:
        assert await find_risk(workspace, ["git", *command], ".") is None
    git(with_submodule / where, "config", setting, f"touch {with_submodule}/owned #")
    for command in SAFE_LOOKS:
        assert where in (await find_risk(workspace, ["git", *command], ".") or "")
    assert not (with_submodule / "owned").exists()


async def test_it_warns_of_a_hook_of_a_submodule(with_submodule: Path, workspace: Workspace) -> None:
    hook = with_submodule / ".git/modules/sub/hooks/post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n")
    assert "sub" in (await find_risk(workspace, ["git", "status"], ".") or "")


@pytest.mark.parametrize("command", [["diff"], ["log", "-p"], ["show"], ["show", "HEAD:file"], ["status"]])
@pytest.mark.parametrize(
    ("url", "setting"),
    [
        ("ssh://nowhere.invalid/x", "core.sshCommand"),
        ("{tmp}/origin", "remote.origin.uploadpack"),
        ("ext::sh -c touch% {tmp}/app/owned", "protocol.ext.allow"),
    ],
)
async def test_nothing_is_fetched_by_a_look_at_a_partial_clone(
    root: Path, tmp_path: Path, call: Call, command: list[str], url: str, setting: str
) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-q")
    (origin / "file").write_text("1\n")
    git(origin, "add", ".")
    git(origin, "commit", "-qm", "x")
    git(origin, "config", "uploadpack.allowFilter", "true")
    os.rmdir(root)
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{origin}", str(root))
    value = "always" if setting == "protocol.ext.allow" else f"touch {root}/owned; false"
    git(root, "config", "remote.origin.url", url.format(tmp=tmp_path))
    git(root, "config", setting, value)
    await call("run_command", command=["git", *command])
    assert not (root / "owned").exists()
