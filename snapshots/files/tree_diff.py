"""Compares two trees of files."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tools.commands.git_hardening import DIFF_OPTIONS

from .repository import Repository

PATCH_CHARS = 64 * 1024
PATCHES_CHARS = 1024 * 1024
FILES_A_TIME = 100
LINK = "120000"
EXECUTABLE = "100755"
MISSING = "000000"
_PAIR = re.compile(rb"(?:[0-9a-f]{40} [0-9a-f]{40}\n)+")

T = TypeVar("T")


@dataclass(frozen=True)
class Side:
    """A file in a tree: git's mode and the id of its content; `mode` is 000000 where it is not there."""

    mode: str
    blob: str

    @property
    def exists(self) -> bool:
        return self.mode != MISSING


@dataclass(frozen=True)
class FileChange:
    """One file in two trees. Lines are None for a binary file, and where they were not counted."""

    raw: bytes
    old: Side
    new: Side
    added: int | None = None
    removed: int | None = None

    @property
    def path(self) -> str:
        """The path as text; bytes that are no UTF-8 are shown as `\\xff`."""
        return decode_path(self.raw)

    @property
    def status(self) -> str:
        if not self.old.exists:
            return "added"
        return "modified" if self.new.exists else "deleted"

    def encode(self) -> dict[str, Any]:
        """Returns the change as the API gives it."""
        return {"path": self.path, "status": self.status, "added": self.added, "removed": self.removed}

    @property
    def becomes_another_kind(self) -> bool:
        """Whether a file becomes a link, or a link a file."""
        return self.old.exists and self.new.exists and (self.old.mode == LINK) != (self.new.mode == LINK)


def decode_path(raw: bytes) -> str:
    """Returns the path as text; bytes that are no UTF-8 are shown as `\\xff`."""
    return raw.decode(errors="backslashreplace")


def compare_trees(repository: Repository, old: str, new: str, *, lines: bool = True) -> list[FileChange]:
    """Returns the files that differ, in order of path, with their counted lines if `lines`. Raises GitFailed."""
    if old == new:
        return []
    counted = ["--numstat"] if lines else []
    output = repository.git("diff-tree", "-r", "-z", "--raw", *counted, "--no-renames", old, new)
    fields = iter(output.split(b"\0"))
    found, counts = list[tuple[bytes, Side, Side]](), dict[bytes, tuple[int | None, int | None]]()
    for field in fields:
        if field.startswith(b":"):
            old_mode, new_mode, old_blob, new_blob, _status = field[1:].decode().split(" ")
            found.append((next(fields), Side(old_mode, old_blob), Side(new_mode, new_blob)))
        elif field:
            added, removed, path = field.split(b"\t", 2)
            counts[path] = None if added == b"-" else int(added), None if removed == b"-" else int(removed)
    return [FileChange(path, old_side, new_side, *counts.get(path, (None, None))) for path, old_side, new_side in found]


def find_changed_paths(repository: Repository, pairs: Sequence[tuple[str, str]]) -> set[str]:
    """Returns the paths that differ in any of the pairs of trees, by one call of git. Raises GitFailed."""
    lines = "".join(f"{old} {new}\n" for old, new in pairs if old and new and old != new)
    if not lines:
        return set()
    output = repository.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--stdin", input=lines.encode())
    # Each pair's answer begins with the pair itself.
    return {decode_path(_PAIR.sub(b"", name, count=1)) for name in output.split(b"\0") if name}


def make_patches(repository: Repository, old: str, new: str, changes: Iterable[FileChange]) -> dict[bytes, str]:
    """Returns the unified diffs of `changes` by path, 1 MiB in all and 64 KiB for each file. A diff that is cut ends
    with `…`. Raises GitFailed."""
    options = (*DIFF_OPTIONS, "--no-renames", "--src-prefix=a/", "--dst-prefix=b/")
    found: dict[bytes, str] = {}
    room = PATCHES_CHARS
    # In batches, so that a restore of everything does not hold the diff of everything in memory.
    for batch in _split(list(changes), FILES_A_TIME):
        if room <= 0:
            break
        paths = [os.fsdecode(change.raw) for change in batch]
        sections = _split_files(repository.git("diff-tree", "-r", "-p", *options, old, new, "--", *paths))
        for change in batch:
            text = next(sections, "") + (next(sections, "") if change.becomes_another_kind else "")
            found[change.raw] = text if len(text) <= PATCH_CHARS else f"{text[:PATCH_CHARS]}\n…\n"
            room -= len(found[change.raw])
    return found


def read_blobs(repository: Repository, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yields the contents, one after the other. Raises GitFailed where one is not there."""
    for batch in _split(list(blobs), FILES_A_TIME):
        output = memoryview(repository.git("cat-file", "--batch", input="\n".join(batch).encode() + b"\n"))
        at = 0
        for blob in batch:
            end = at + bytes(output[at : at + 128]).index(b"\n")
            size = int(bytes(output[at:end]).split()[2])
            yield blob, bytes(output[end + 1 : end + 1 + size])
            at = end + 2 + size


def _split_files(output: bytes) -> Iterator[str]:
    lines: list[str] = []
    for line in output.decode(errors="replace").split("\n"):
        if line.startswith("diff --git ") and lines:
            yield "\n".join([*lines, ""])
            lines = []
        lines.append(line)
    yield "\n".join(lines)


def _split(items: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
