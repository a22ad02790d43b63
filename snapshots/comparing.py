"""What differs between two trees."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

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
        """As text; bytes that are no UTF-8 are shown as `\\xff`."""
        return path_text(self.raw)

    @property
    def status(self) -> str:
        if not self.old.exists:
            return "added"
        return "modified" if self.new.exists else "deleted"

    @property
    def becomes_another_kind(self) -> bool:
        """From a file to a link, or back."""
        return self.old.exists and self.new.exists and (self.old.mode == LINK) != (self.new.mode == LINK)


def path_text(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")


def compare(repository: Repository, old: str, new: str, *, lines: bool = True) -> list[FileChange]:
    """The files that differ, in order of path. Raises GitFailed."""
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


def changed_paths(repository: Repository, pairs: Sequence[tuple[str, str]]) -> set[str]:
    """The paths that differ in any of the pairs of trees, in one go. Raises GitFailed."""
    lines = "".join(f"{old} {new}\n" for old, new in pairs if old and new and old != new)
    if not lines:
        return set()
    output = repository.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--stdin", input=lines.encode())
    # Each pair's answer begins with the pair itself.
    return {path_text(_PAIR.sub(b"", name, count=1)) for name in output.split(b"\0") if name}


def patches(repository: Repository, old: str, new: str, changes: Iterable[FileChange]) -> dict[bytes, str]:
    """The unified diffs of `changes` by path, as far as there is room; one cut short ends with `…`."""
    options = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/")
    found: dict[bytes, str] = {}
    room = PATCHES_CHARS
    # In batches, so that a restore of everything does not hold the diff of everything in memory.
    for batch in _batches(list(changes), FILES_A_TIME):
        if room <= 0:
            break
        paths = [os.fsdecode(change.raw) for change in batch]
        sections = _sections(repository.git("diff-tree", "-r", "-p", *options, old, new, "--", *paths))
        for change in batch:
            text = next(sections, "") + (next(sections, "") if change.becomes_another_kind else "")
            found[change.raw] = text if len(text) <= PATCH_CHARS else f"{text[:PATCH_CHARS]}\n…\n"
            room -= len(found[change.raw])
    return found


def read_blobs(repository: Repository, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The contents, one after the other. Raises GitFailed where one is not there."""
    for batch in _batches(list(blobs), FILES_A_TIME):
        output = memoryview(repository.git("cat-file", "--batch", input="\n".join(batch).encode() + b"\n"))
        at = 0
        for blob in batch:
            end = at + bytes(output[at : at + 128]).index(b"\n")
            size = int(bytes(output[at:end]).split()[2])
            yield blob, bytes(output[end + 1 : end + 1 + size])
            at = end + 2 + size


def _sections(output: bytes) -> Iterator[str]:
    lines: list[str] = []
    for line in output.decode(errors="replace").split("\n"):
        if line.startswith("diff --git ") and lines:
            yield "\n".join([*lines, ""])
            lines = []
        lines.append(line)
    yield "\n".join(lines)


def _batches(items: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
