"""Remembers what lay in the workspace beside each tree: ignored, too large, not readable. A restore must not take such
a file for one that was made since, only because a later tree holds it."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = "outside"


@dataclass(frozen=True)
class Outside:
    """Names what lay beside a tree, as bytes; a folder ends with a slash and stands for all that is in it."""

    paths: frozenset[bytes]

    def holds(self, path: bytes) -> bool:
        """Tells whether the file was there, or may have been."""
        if path in self.paths:
            return True
        parts = path.split(b"/")
        return any(b"/".join(parts[:end]) + b"/" in self.paths for end in range(1, len(parts)))

    def __or__(self, other: "Outside") -> "Outside":
        return Outside(self.paths | other.paths)


NOTHING_OUTSIDE = Outside(frozenset())


def record(directory: Path, tree: str, paths: Iterable[bytes]) -> None:
    """Remembers what lay beside a tree, with what lay beside the same tree at another time."""
    known = read(directory, tree) or NOTHING_OUTSIDE
    file = directory / FOLDER / tree
    file.parent.mkdir(exist_ok=True)
    unfinished = file.with_name(f"{tree}.new")
    unfinished.write_bytes(b"\0".join(sorted(known.paths | set(paths))))
    os.replace(unfinished, file)


def read(directory: Path, tree: str) -> Outside | None:
    """Reads what lay beside a tree; None where that was not recorded."""
    try:
        names = (directory / FOLDER / tree).read_bytes().split(b"\0")
    except FileNotFoundError:
        return None
    return Outside(frozenset(names) - {b""})


def forget(directory: Path, wanted: set[str]) -> None:
    """Removes the records of all trees but the wanted ones."""
    for file in (directory / FOLDER).glob("*"):
        if file.name not in wanted:
            file.unlink(missing_ok=True)
