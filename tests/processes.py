"""Child processes of the tests: each in a group of its own, and none outlives the tests, even when they are killed."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent() -> None:
    """Ask Linux for a SIGTERM when the parent dies: what a SIGKILL leaves no time to do by hand."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    user: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in its own session. Its output is appended to `log`; `user` is a uid to run it as."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=directory,
            user=user,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )


def stop(process: subprocess.Popen[bytes], ending: signal.Signals = signal.SIGTERM, timeout_s: float = 30) -> int:
    """End `process` with `ending`, then what is left of its group with SIGKILL. Returns its exit code.

    Raises AssertionError when it had to be killed or left children in its group: a clean end is part of the product.
    """
    if process.poll() is None:
        process.send_signal(ending)
    try:
        process.wait(timeout_s)
        stayed = False
    except subprocess.TimeoutExpired:
        stayed = True
    left = not _group_gone(process.pid, timeout_s=1)
    if left:
        os.killpg(process.pid, signal.SIGKILL)
    code = process.wait(timeout_s)
    assert not stayed, f"process {process.pid} did not end within {timeout_s} s of {ending.name}"
    assert not left, f"process {process.pid} ended and left children in its group"
    return code


def _group_gone(group: int, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)


def free_port() -> int:
    """A TCP port on loopback that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
