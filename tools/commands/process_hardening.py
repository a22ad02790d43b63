"""Protects a server process from the commands that it will run."""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_DUMPABLE = 4


def hide_memory() -> None:
    """Keeps other processes of the same user from reading this one's memory and environment (/proc/<pid>/environ),
    where keys are. Not for root, whom nothing here could keep out: that takes the sandbox."""
    if sys.platform == "linux" and os.geteuid() != 0:
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
