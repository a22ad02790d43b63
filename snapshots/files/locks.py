"""Locks a project's trees, so that one thread of one process at a time captures, restores or prunes them."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from .repository import home

POLL_S = 0.01


class Busy(Exception):
    """Another thread or process holds the workspace's lock."""


@contextmanager
def workspace_lock(workspace_id: UUID, wait_s: float = 120.0) -> Iterator[None]:
    """Holds the workspace's lock. The lock ends with its process, even by kill -9. Blocks for `wait_s` at most. Raises
    Busy."""
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    # A descriptor of one's own, so that the threads of a process exclude each other, too.
    fd = os.open(home() / f"{workspace_id}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(fd, time.monotonic() + wait_s)
        yield
    finally:
        os.close(fd)


def _acquire(fd: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Busy("The project's files are being worked on.") from None
            time.sleep(POLL_S)
