"""Which processes of a test are alive: they carry a mark in their arguments."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def living(mark: str) -> list[int]:
    """The processes whose arguments hold `mark`, this one aside."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
    return found


def living_pid(pid: int) -> bool:
    """Whether the process is there, and no zombie."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def gone(mark: str, within_s: float = 0.0) -> bool:
    """Whether none is alive, now or within some time."""
    until = time.monotonic() + within_s
    while living(mark):
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)
    return True


async def until(condition: Callable[[], object]) -> None:
    """Wait, ten seconds at most, for something that another process does."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen within 10 s")
