"""Runs git on a repository of BooCode's own, with nothing of the machine's or the project's configuration, so that
nothing in a workspace makes it run anything."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.commands import git_hardening
from tools.commands.git import SYSTEM_PATH, find_git

OPTIONS = (
    *git_hardening.OPTIONS,
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.autocrlf=false"),
    *("-c", "core.symlinks=true"),
    *("-c", "core.fileMode=true"),
    *("-c", "core.ignoreCase=false"),
    *("-c", "core.compression=1"),
    # What must stand is a killed process, not a power cut, and a turn shall not wait for the disk.
    *("-c", "core.fsync=none"),
    *("-c", "gc.auto=0"),
)


_running: set[subprocess.Popen[bytes]] = set()
_ending = threading.Event()


class Interrupted(Exception):
    """The server stops: what was begun is left for the next start."""


class GitFailed(Exception):
    """Git is not there, failed, or took too long; the text is a sentence for the person."""


def environment(directory: Path, **more: str) -> dict[str, str]:
    """Returns what git runs with. HOME stays, because the person's own global ignore file counts."""
    return {
        "PATH": SYSTEM_PATH,
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C",
        "GIT_DIR": str(directory),
        "GIT_NO_REPLACE_OBJECTS": "1",
        **git_hardening.ENVIRONMENT,
        **git_hardening.NO_CONFIGURATION,
        **more,
    }


def git(
    directory: Path,
    arguments: Sequence[str],
    *,
    input: bytes = b"",
    timeout_s: float = 30.0,
    extra: Mapping[str, str] | None = None,
    codes: Sequence[int] = (0,),
) -> bytes:
    """Runs git on the repository `directory` and returns what it printed; `codes` are the exit codes of success.
    Blocks. Raises GitFailed, Interrupted."""
    path = find_git()
    if path is None:
        raise GitFailed("git is not installed on this machine.")
    try:
        process = subprocess.Popen(
            [path, *OPTIONS, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env=environment(directory, **(extra or {})),
        )
    except OSError as error:
        raise GitFailed(f"git could not be started: {error.strerror}.") from None
    output, problem = _converse(process, input, timeout_s)
    if _ending.is_set():
        raise Interrupted("The server stops.")
    if process.returncode not in codes:
        raise GitFailed(f"git failed: {problem.decode(errors='replace').strip()[-2000:]}")
    return output


def _converse(process: subprocess.Popen[bytes], input: bytes, timeout_s: float) -> tuple[bytes, bytes]:
    _running.add(process)
    try:
        return process.communicate(input, timeout_s)
    except subprocess.TimeoutExpired:
        raise GitFailed(f"git took more than {timeout_s:g} s and was stopped.") from None
    finally:
        process.kill()
        process.communicate()
        _running.discard(process)


def interrupt() -> None:
    """Ends every git that runs, because the process ends."""
    _ending.set()
    for process in list(_running):
        process.kill()
