"""What a process and its children take of the machine. Linux only."""

import os
from contextlib import suppress
from pathlib import Path


def resident_mb(pid: int) -> float:
    """Resident memory of the process, and what its descendants hold for themselves alone, in MB (10^6 bytes)."""
    children = sum(_kb(child, "smaps_rollup", "Private_") for child in _family(pid)[1:])
    return (_kb(pid, "status", "VmRSS:") + children) * 1024 / 1e6


def proportional_mb(pid: int) -> float:
    """Memory of the process and its descendants, shared pages by their share (PSS), in MB (10^6 bytes)."""
    return sum(_kb(each, "smaps_rollup", "Pss:") for each in _family(pid)) * 1024 / 1e6


def own_mb(pid: int | str) -> float:
    """Resident memory of the process alone. For a moment a child that is about to be another program looks as large."""
    return _kb(pid, "status", "VmRSS:") * 1024 / 1e6


def cpu_ms(pid: int) -> float:
    """Processor time that the process has used so far. Unlike a clock it hardly minds what else the machine does."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * 1000 / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    family = [pid]
    with suppress(FileNotFoundError, ProcessLookupError):  # it may end while it is looked at
        for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in tasks.read_text().split():
                family += _family(int(child))
    return family


def _kb(pid: int | str, file: str, prefix: str) -> int:
    """The sum of the lines that begin with `prefix`."""
    with suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(prefix))
    return 0
