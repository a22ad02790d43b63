"""Stores captured output that a row does not hold: in compressed files in the data directory, named by their digest, so
that the same output is stored once."""

import gzip
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from django.conf import settings

MAX_BYTES = 10 * 1024 * 1024
YOUNG_S = 3600
"""A file younger than this may belong to a row that is not committed yet."""


class OutputGone(Exception):
    """The file is not in the data directory any more; the text says so."""


def store(data: bytes) -> str:
    """Writes the first 10 MB of `data`, unless they are there already. Returns their digest (SHA-256, hexadecimal)."""
    data = data[:MAX_BYTES]
    digest = hashlib.sha256(data).hexdigest()
    path = _path(digest)
    if path.exists():
        os.utime(path)
        return digest
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Another process may write the same, and a crash may leave half of it: the name appears with the whole.
    unfinished = path.with_name(f".{digest}.{uuid4().hex}")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(gzip.compress(data, compresslevel=1, mtime=0))
    unfinished.rename(path)
    return digest


def read(digest: str) -> bytes:
    """Returns what `store` was given. Raises OutputGone."""
    try:
        return gzip.decompress(_path(digest).read_bytes())
    except (OSError, EOFError, gzip.BadGzipFile):
        raise OutputGone(
            "The whole output is no longer in the data directory; the trace holds what the model saw."
        ) from None


def sweep(named: Callable[[str], bool]) -> tuple[int, int]:
    """Removes the files whose digest `named` does not know. Returns how many they were, and their bytes on the disk."""
    count = size = 0
    for path in _files():
        status = path.stat()
        if time.time() - status.st_mtime > YOUNG_S and not named(path.name.removesuffix(".gz")):
            path.unlink(missing_ok=True)
            count, size = count + 1, size + status.st_size
    return count, size


def _files() -> Iterator[Path]:
    home = settings.DATA_DIR / "outputs"
    return home.glob("??/*") if home.is_dir() else iter(())


def _path(digest: str) -> Path:
    return Path(settings.DATA_DIR) / "outputs" / digest[:2] / f"{digest}.gz"
