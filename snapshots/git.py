"""Git as a store of trees: run on a repository of BooCode's own, with nothing of the machine's or the project's
configuration, so that nothing in a workspace makes it run anything."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.git import SYSTEM_PATH, program

OPTIONS = (
    "--no-pager",
    "--literal-pathspecs",
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.quotePath=false"),
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
    """What git runs with. HOME stays: the person's own global ignore file counts."""
    return {
        "PATH": SYSTEM_PATH,
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C",
        "GIT_DIR": str(directory),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **more,
    }


def git(
    directory: Path,
    arguments: Sequence[str],
    *,
    input: bytes = b"",
    timeout_s: float = 30.0,
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """Run git on the repository `directory`; what it printed. Raises GitFailed, Interrupted."""
    path = program()
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
    if process.returncode != 0:
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
    """End what runs, for the process ends."""
    _ending.set()
    for process in list(_running):
        process.kill()
