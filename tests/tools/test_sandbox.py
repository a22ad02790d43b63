"""With bubblewrap a command sees the project and the programs, and no more; without it nothing changes."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tools.living import living
from tools import registry
from tools.base import ToolContext, ToolResult
from tools.commands import sandbox
from tools.commands.sandbox import Sandbox, choose
from tools.files.workspace import Workspace

Run = Callable[..., Awaitable[ToolResult]]

pytestmark = pytest.mark.skipif(sandbox.explain_absence() is not None, reason=str(sandbox.explain_absence()))


@pytest.fixture
def data_dir(root: Path) -> Path:
    data = root / "data"
    data.mkdir()
    (data / "secret_key").write_text("secret")
    return data


@pytest.fixture
def run(context: ToolContext, data_dir: Path) -> Run:
    """Run a command in the sandbox."""
    inside = replace(context, sandbox=choose("on", network=False, hidden=[data_dir]))

    async def run(*command: str, **args: Any) -> ToolResult:
        return await registry.call("run_command", {"command": list(command), **args}, inside)

    return run


async def test_it_works_in_the_project(root: Path, run: Run) -> None:
    (root / "src").mkdir()
    assert (await run("touch", "made.txt", directory="src")).error is None
    assert (root / "src" / "made.txt").exists()
    assert (await run("pwd", directory="src")).output.endswith("/app/src\n")
    assert (await run(sys.executable, "-c", "print(1)")).output == "1\n"


async def test_the_rest_of_the_disk_is_not_there(root: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "neighbour").mkdir()
    secret = Path.home() / f".boocode-test-{os.getpid()}"
    secret.write_text("key")
    try:
        for path in (tmp_path / "neighbour", secret, root / "data" / "secret_key", Path("/etc/shadow"), Path("/run")):
            command = f'if [ -d "{path}" ]; then ls -A "{path}"; else cat "{path}"; fi'
            result = await run("sh", "-c", command)
            assert result.error or result.output == "[no output]", path
        assert (await run("ls", "data")).output == "[no output]"
    finally:
        secret.unlink()


async def test_only_the_project_can_be_written(root: Path, run: Run) -> None:
    for path in ("/usr/x", "/etc/x", f"{sys.prefix}/x"):
        assert (await run("touch", path)).error
    assert (await run("sh", "-c", "touch /tmp/mine && ls /tmp/mine")).output == "/tmp/mine\n"
    assert (await run("ls", "/tmp/mine")).error


async def test_its_walls_can_not_be_taken_down(root: Path, run: Run) -> None:
    """Root's capabilities would do: bubblewrap does not take them away by itself."""
    attacks = [
        "mount -o remount,bind,rw /usr && touch /usr/of-boocode-tests",
        "umount /etc/shadow && cat /etc/shadow",
        "umount data && cat data/secret_key",
        "unshare -Urm sh -c 'umount /etc/shadow; umount data; mount -o remount,bind,rw /usr; cat /etc/shadow data/*'",
        "mknod disk b 254 0 && head -c 1 disk",
        "mkdir proc; mount -t proc proc proc && cat proc/1/environ",
    ]
    for attack in attacks:
        result = await run("sh", "-c", f"({attack}) 2>/dev/null && echo out")
        assert result.exit_code, attack
        assert result.output == f"[{result.error}]", attack


@pytest.fixture
def repository(root: Path) -> Path:
    """A repository with a commit in it."""
    (root / "a.txt").write_text("one\n")
    for command in ("init -q", "config user.name A", "config user.email a@example.org", "add a.txt", "commit -qm One"):
        subprocess.run(["git", *command.split()], cwd=root, check=True)
    (root / ".git" / "hooks").mkdir(exist_ok=True)
    return root


async def test_git_works_and_its_programs_can_not_be_set(repository: Path, run: Run) -> None:
    config = (repository / ".git" / "config").read_text()
    for command in ("checkout -qb topic", "commit -qm Two --allow-empty", "checkout -q -", "branch -qD topic", "gc"):
        assert (await run("git", *command.split())).error is None, command
    attacks = [
        "git config core.fsmonitor ./evil",
        "echo evil >> .git/config",
        "echo evil > .git/hooks/post-commit",
        "mv .git/config .git/c",
        "rm -r .git/hooks",
        "mv .git moved && cp -r moved .git && echo evil >> .git/config",
    ]
    for attack in attacks:
        result = await run("sh", "-c", attack)
        assert "ask the person" in str(result.error), (attack, result.output)
    assert (repository / ".git" / "config").read_text() == config
    assert not (repository / ".git" / "hooks" / "post-commit").exists()
    assert "ask the person" not in str((await run("false")).error)


async def test_git_is_led_to_no_other_configuration(repository: Path, run: Run) -> None:
    await run("sh", "-c", "mkdir -p evil/objects evil/refs && echo ../evil > .git/commondir")
    assert not (repository / ".git" / "commondir").exists()
    assert (await run("git", "status", "--short")).error is None


async def test_a_worktree_stays_with_its_repository(repository: Path, run: Run) -> None:
    (repository / ".git").rename(repository.parent / "real.git")
    (repository / ".git").write_text(f"gitdir: {repository.parent}/real.git\n")
    result = await run("sh", "-c", "echo gitdir: evil > .git")
    assert "ask the person" in str(result.error), result.output
    assert "real.git" in (repository / ".git").read_text()


NESTED = "git init -q nested && git -C nested config user.name A"


@pytest.mark.parametrize(
    "attack",
    [
        "git -C nested config core.fsmonitor ./evil",
        "echo evil >> nested/.git/config",
        "echo evil > nested/.git/hooks/post-commit",
        "mv nested/.git moved",
        "echo evil > nested/.git/config.worktree",
        "echo evil >> .git/modules/lib/config",
        "mkdir .git/modules/lib/hooks && echo evil > .git/modules/lib/hooks/post-commit",
        "echo evil > .git/modules/deep/er/config",
        "echo evil > .git/worktrees/other/config.worktree",
        "echo evil > .git/shared-settings",
    ],
)
async def test_no_repository_below_can_be_told_programs(repository: Path, run: Run, attack: str) -> None:
    make = [
        NESTED,
        "git -C nested config extensions.worktreeConfig true",
        "git config include.path shared-settings && touch .git/shared-settings",
        "mkdir -p .git/modules/deep .git/worktrees/other && git init -q --bare .git/modules/lib",
        "git init -q --bare .git/modules/deep/er && rm -r .git/modules/lib/hooks",
        "touch .git/worktrees/other/config.worktree",
    ]
    await asyncio.to_thread(subprocess.run, ["sh", "-ec", "; ".join(make)], cwd=repository, check=True)
    before = told_to_git(repository)
    result = await run("sh", "-c", attack)
    assert result.error, result.output
    assert told_to_git(repository) == before
    assert (await run("git", "-C", "nested", "commit", "-qm", "Works", "--allow-empty")).error is None


def told_to_git(root: Path) -> dict[str, str]:
    """What names programs, by path; empty files say nothing."""
    names = ("config", "config.worktree", "shared-settings", "post-commit")
    return {str(path): text for name in names for path in root.rglob(name) if (text := path.read_text())}


async def test_a_new_repository_is_named(root: Path, run: Run) -> None:
    result = await run("sh", "-c", f"{NESTED}; echo done")
    assert result.error is None
    assert result.output.startswith("done\n[Made here: nested/.git. ")
    assert (await run("git", "-C", "nested", "status", "--short")).output == "[no output]"
    assert (await run("git", "-C", "nested", "config", "core.fsmonitor", "./evil")).error
    replaced = await run("sh", "-c", "mv nested old && git init -q nested && git -C nested config core.fsmonitor x")
    assert "[Made here: nested/.git, old/.git" in replaced.output


async def test_a_folder_of_a_larger_repository_has_its_history(repository: Path, context: ToolContext) -> None:
    part = repository / "part"
    part.mkdir()
    inside = replace(context, workspace=Workspace(part), sandbox=choose("on", network=False))
    add = ["git", "worktree", "add", "-q", "../linked"]
    await asyncio.to_thread(subprocess.run, add, cwd=repository, check=True)
    linked = replace(inside, workspace=Workspace(repository.parent / "linked"))
    for where in (inside, linked):
        result = await registry.call("run_command", {"command": ["git", "log", "--format=%s"]}, where)
        assert result.output == "One\n", where
        result = await registry.call("run_command", {"command": ["git", "config", "core.fsmonitor", "evil"]}, where)
        assert result.error, where


async def test_memory_is_bounded(run: Run) -> None:
    sizes = await run("df", "-B1", "--output=size,target", "/tmp", "/dev/shm", os.environ["HOME"])
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for line in sizes.output.splitlines()[1:]:
        assert int(line.split()[0]) <= machine // 8, line
    for place in ("/dev/x", "/x", "data/x"):
        assert (await run("touch", place)).error, place
    assert (await run("sh", "-c", "echo 1 > /dev/null && touch /dev/shm/x /tmp/x")).error is None


async def test_the_kernel_keeps_its_settings_and_keys(run: Run) -> None:
    setting = "/proc/sys/kernel/domainname"
    assert (await run("sh", "-c", f'value=$(cat {setting}) && echo "$value" > {setting}')).error
    assert ":" not in (await run("sh", "-c", "cat /proc/keys 2>/dev/null")).output
    keyctl = "import ctypes; c = ctypes.CDLL(None, use_errno=True); print(c.syscall(%d, 0, -4, 0), ctypes.get_errno())"
    number = {"x86_64": 250, "aarch64": 219}[os.uname().machine]
    assert (await run(sys.executable, "-c", keyctl % number)).output == "-1 38\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's programs are worth the bit")
@pytest.mark.parametrize(
    "attack",
    [
        "os.chmod('tool', 0o4755)",
        "os.chmod('tool', 0o2755)",
        "os.fchmod(os.open('tool', os.O_RDONLY), 0o6755)",
        "os.chmod('tool', 0o4755, dir_fd=os.open('.', os.O_RDONLY))",
        "os.open('new', os.O_CREAT | os.O_WRONLY, 0o4755)",
        "os.mknod('new', 0o4755)",
    ],
)
async def test_no_file_makes_its_user_root(root: Path, run: Run, attack: str) -> None:
    (root / "tool").write_text("")
    result = await run(sys.executable, "-c", f"import os\nos.umask(0)\n{attack}")
    assert "PermissionError" in result.output
    assert not any(entry.stat().st_mode & 0o6000 for entry in os.scandir(root))
    usual = "os.chmod('tool', 0o755); os.close(os.open('made', os.O_CREAT | os.O_WRONLY, 0o644)); os.open('made', 0)"
    assert (await run(sys.executable, "-c", f"import os\n{usual}")).error is None


async def test_other_processes_are_not_there(run: Run) -> None:
    result = await run("sh", "-c", f"cat /proc/{os.getpid()}/environ; cat /proc/[0-9]*/environ | tr '\\0' '\\n'")
    assert "DJANGO_SETTINGS_MODULE" not in result.output
    assert "SECRET" not in result.output
    pids = (await run("sh", "-c", "ls -d /proc/[0-9]*")).output.split()
    assert len(pids) < 6


async def test_there_is_no_network_unless_it_is_allowed(context: ToolContext) -> None:
    count = ["sh", "-c", "tail -n +3 /proc/net/dev | grep -vc '^ *lo:'"]
    without = await registry.call("run_command", {"command": count}, replace(context, sandbox=Sandbox()))
    assert without.output.splitlines()[0] == "0"
    outside = await registry.call("run_command", {"command": count}, context)
    allowed = await registry.call("run_command", {"command": count}, replace(context, sandbox=Sandbox(network=True)))
    assert allowed.output == outside.output


async def test_names_are_found_where_there_is_a_network(
    context: ToolContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stub-resolv.conf").write_text("nameserver 127.0.0.53\n")
    (tmp_path / "resolv.conf").symlink_to("stub-resolv.conf")
    monkeypatch.setattr(sandbox, "RESOLVER", str(tmp_path / "resolv.conf"))
    for network, output in ((True, "nameserver 127.0.0.53\n"), (False, "[Exit status 1.]")):
        inside = replace(context, sandbox=Sandbox(network))
        command = ["sh", "-c", f"cat {tmp_path}/stub-resolv.conf 2>/dev/null"]
        assert (await registry.call("run_command", {"command": command}, inside)).output == output


async def test_what_went_wrong_reads_as_without(root: Path, run: Run) -> None:
    (root / "text").write_text("no program")
    assert "no program 'nothing-of-that-name'" in str((await run("nothing-of-that-name")).error)
    (root / "script").write_text("#!/nowhere/to/be/found\n")
    (root / "script").chmod(0o755)
    assert "no program './missing'" in str((await run("./missing")).error)
    assert "not executable" in str((await run("./text")).error)
    assert (await run("sh", "-c", "exit 3")).exit_code == 3
    killed = await run("sh", "-c", "kill -9 $$")
    assert (killed.exit_code, killed.error) == (-9, "Ended by signal 9 (Killed).")


async def test_a_program_beside_the_links_on_path_is_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a package manager that was itself installed by one."""
    modules = tmp_path / "node_modules"
    for name, link in (("node_modules/manager", "node_modules/.bin/manager"), ("elsewhere/x", "tools/x")):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / link).parent.mkdir()
        (tmp_path / name / "run").write_text("#!/bin/sh\necho works\n")
        (tmp_path / name / "run").chmod(0o755)
        (tmp_path / link).symlink_to(tmp_path / name / "run")
    monkeypatch.setenv("PATH", f"{modules}/.bin:{tmp_path}/tools:{os.environ['PATH']}")
    assert (await run("manager")).output == "works\n"
    assert "sandbox that commands run in hides 'x'" in (await run("x")).output


async def test_a_time_limit_ends_all_of_it(run: Run) -> None:
    mark = f"31{os.getpid()}"
    result = await run("sh", "-c", f"setsid sleep {mark} & sleep {mark}", timeout_s=0.5)
    assert result.status == "timeout"
    assert living(mark) == []


async def test_a_stopped_command_may_clean_up(root: Path, run: Run) -> None:
    script = (
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(open('clean', 'w').close()))\n"
    )
    script += "time.sleep(60)"
    result = await run(sys.executable, "-c", script, timeout_s=1)
    assert result.status == "timeout"
    assert (root / "clean").exists()


async def test_a_bomb_of_processes_without_end_is_stopped(run: Run) -> None:
    """Root has no limit of processes, so that they are counted; and all of them end with the first of the sandbox."""
    mark = f"bomb{os.getpid()}"
    result = await run(sys.executable, "-c", "import os\nwhile True: os.fork()", mark)
    assert result.error == "Stopped: it started too many processes."
    assert living(mark) == []


async def test_on_means_not_without(context: ToolContext) -> None:
    nothing = replace(context, sandbox=Sandbox(missing="bubblewrap (bwrap) is not installed."))
    result = await registry.call("run_command", {"command": ["true"]}, nothing)
    assert "BOOCODE_SANDBOX=on" in str(result.error)
    assert choose("off", network=False) is None


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody may enter."""
    path = Path(tempfile.mkdtemp(prefix="boocode-open-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_it_works_as_a_user_too(open_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The Python of these tests may lie where nobody else can go.
    monkeypatch.setattr(sys, "prefix", "/usr")
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    command = ["sh", "-c", "touch made; ls -d /proc/[0-9]* | wc -l; ls -A /root 2>&1; id -u"]
    argv = Sandbox().wrap(command, str(open_directory), str(open_directory), environment)
    done = subprocess.run(argv, capture_output=True, text=True, user=65534, group=65534, env=environment, cwd="/")
    if "setting up uid map" in done.stderr or "No permissions" in done.stderr:
        pytest.skip(f"this kernel gives users no namespaces: {done.stderr}")
    assert (open_directory / "made").exists(), json.dumps([done.stdout, done.stderr])
    assert done.stdout.split()[-1] == "65534"
