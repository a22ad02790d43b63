import os
import sys
import time
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tools.base import ToolContext
from tools.files.workspace import Workspace
from tools.registry import call as call_tool


async def test_it_answers_with_output_and_exit_status(call: Call, emitted: list[str]) -> None:
    result = await call("run_command", command=["sh", "-c", "echo out; echo err >&2"])
    assert (result.output, result.error, result.status, result.exit_code) == ("out\nerr\n", None, "ok", 0)
    assert "".join(emitted) == "out\nerr\n"


async def test_it_makes_a_failure_an_observation(call: Call) -> None:
    result = await call("run_command", command=["sh", "-c", "echo no; exit 3"])
    assert (result.output, result.error, result.status) == ("no\n[Exit status 3.]", "Exit status 3.", "error")
    assert result.exit_code == 3
    result = await call("run_command", command=["sh", "-c", "kill -SEGV $$"])
    assert "Ended by signal 11" in result.output
    assert result.exit_code == -11
    assert (await call("run_command", command=["true"])).output == "[no output]"


async def test_it_takes_arguments_literally(root: Path, call: Call) -> None:
    arguments = ["; rm -rf .", "$(touch x)", "&& touch x", "`touch x`", "*", "a b", "| cat", "-n"]
    result = await call("run_command", command=["printf", "%s\\n", *arguments])
    assert result.output.split("\n")[:-1] == arguments
    assert os.listdir(root) == []


async def test_it_explains_that_there_is_no_shell(call: Call) -> None:
    assert "no shell reads it" in ((await call("run_command", command="ls | wc -l")).error or "")
    assert (await call("run_command", command='["echo", "hi"]')).output == "hi\n"
    for command in ([], [""], ["a\0b"]):
        assert "was not run" in ((await call("run_command", command=command)).error or "")


async def test_it_explains_why_a_program_did_not_start(root: Path, call: Call) -> None:
    (root / "plain").write_text("echo hi\n")
    (root / "script").write_text("echo hi\n")
    (root / "script").chmod(0o755)
    assert "no program 'nowhere-to-be-found'" in (await call("run_command", command=["nowhere-to-be-found"])).output
    assert "is not executable" in (await call("run_command", command=["./plain"])).output
    assert "needs a first line" in (await call("run_command", command=["./script"])).output
    assert "too long" in (await call("run_command", command=["/bin/echo", "x" * 3_000_000])).output


async def test_it_runs_in_a_directory_of_the_project(root: Path, call: Call) -> None:
    (root / "src").mkdir()
    (root / "in").symlink_to("src")
    assert (await call("run_command", command=["pwd"])).output == f"{root}\n"
    assert (await call("run_command", command=["pwd"], directory="in")).output == f"{root}/src\n"
    (root / "out").symlink_to("..")
    for directory in ("..", "/tmp", "out", ".git", "nowhere"):
        result = await call("run_command", command=["pwd"], directory=directory)
        assert result.status == "error"
        assert result.exit_code is None


async def test_it_gives_end_of_file_to_who_reads_input(call: Call) -> None:
    started = time.monotonic()
    assert (await call("run_command", command=["cat"])).output == "[no output]"
    assert (await call("run_command", command=["sh", "-c", "read x < /dev/tty"])).status == "error"
    assert time.monotonic() - started < 2


async def test_it_shows_no_secret(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "BOOCODE_SECRET_KEY", "DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD_X"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:canary@proxy")
    result = await call("run_command", command=["env"])
    assert "canary" not in result.output
    lines = dict(line.partition("=")[::2] for line in result.output.split("\n"))
    assert (lines["TERM"], lines["CI"], lines["GIT_TERMINAL_PROMPT"]) == ("dumb", "1", "0")
    assert lines["HOME"] == os.environ["HOME"]


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="there is no /proc here")
async def test_it_hides_secrets_in_the_processes_above_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    script = "cat /proc/self/environ /proc/$PPID/environ"
    assert "canary" not in (await call("run_command", command=["sh", "-c", script])).output


async def test_it_leaves_open_no_descriptor_of_the_server(call: Call) -> None:
    result = await call("run_command", command=["sh", "-c", "ls /proc/$$/fd"])
    assert result.output.split() == ["0", "1", "2"]


async def test_it_passes_what_the_project_adds(root: Path) -> None:
    context = ToolContext(Workspace(root), environment={"DJANGO_DEBUG": "1"})
    result = await call_tool("run_command", {"command": ["printenv", "DJANGO_DEBUG"]}, context)
    assert result.output == "1\n"


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="this Python is the machine's")
async def test_it_prefers_any_python_to_its_own(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{os.path.dirname(sys.executable)}:/usr/bin:/bin")
    path = (await call("run_command", command=["printenv", "PATH"])).output.strip()
    assert path.startswith("/usr/bin:/bin")


async def test_it_asks_for_no_password(root: Path, call: Call) -> None:
    started = time.monotonic()
    await call("run_command", command=["git", "init", "-q"])
    result = await call("run_command", command=["git", "push", "https://user@localhost:9/x.git", "HEAD"])
    assert result.status == "error"
    assert time.monotonic() - started < 5


async def test_it_runs_no_config_of_a_directory_that_looks_like_a_repository(root: Path, call: Call) -> None:
    """Files that the model may write make a bare repository, whose config names a program for `git status`."""
    bare = root / "docs"
    for name, text in {
        "HEAD": "ref: refs/heads/main\n",
        "config": f"[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\nfsmonitor = touch {root}/owned\n",
        "objects/.keep": "",
        "refs/.keep": "",
    }.items():
        (bare / name).parent.mkdir(parents=True, exist_ok=True)
        (bare / name).write_text(text)
    await call("run_command", command=["git", "status"], directory="docs")
    assert "owned" not in os.listdir(root)
