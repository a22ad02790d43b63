"""Compares two trees the way a person reads it: a file that got another name is one change."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.commands.git_hardening import DIFF_OPTIONS

from .repository import Repository
from .tree_diff import decode_path

SHOWN_CHARS = 512 * 1024
RENAMES = ("-M", "-l400")  # more pairs than that are not compared: they would take seconds
STATUS = {"A": "added", "D": "deleted", "R": "renamed"}


@dataclass(frozen=True)
class ShownChange:
    """One change; `source` is the former name of a renamed file. Lines are None for a binary file."""

    path: str
    source: str
    status: str
    added: int | None
    removed: int | None

    def encode(self) -> dict[str, Any]:
        """Return the change as the API gives it."""
        return dict(vars(self))


def compare_with_renames(repository: Repository, old: str, new: str) -> list[ShownChange]:
    """Return the files that differ, in order of path. Raises GitFailed."""
    output = repository.git("diff-tree", "-r", "-z", "--raw", "--numstat", *RENAMES, old, new)
    fields = iter(output.split(b"\0"))
    statuses: dict[bytes, str] = {}
    found: list[ShownChange] = []
    for field in fields:
        if field.startswith(b":"):
            status = field[-4:].split(b" ")[-1][:1].decode() if b" R" not in field else "R"
            path = next(fields)
            statuses[next(fields) if status == "R" else path] = STATUS.get(status, "modified")
        elif field:
            found.append(_read_counts(field, fields, statuses))
    return sorted(found, key=lambda change: change.path)


def _read_counts(field: bytes, fields: Iterator[bytes], statuses: dict[bytes, str]) -> ShownChange:
    added, removed, path = field.split(b"\t", 2)
    source = b""
    if not path:  # a renamed file: both names follow
        source, path = next(fields), next(fields)
    counts = (None if number == b"-" else int(number) for number in (added, removed))
    return ShownChange(decode_path(path), decode_path(source), statuses.get(path, "modified"), *counts)


def make_diff_with_renames(repository: Repository, old: str, new: str) -> tuple[str, bool]:
    """Return the unified diff, and whether it was cut after 512 KiB. Raises GitFailed."""
    options = (*DIFF_OPTIONS, *RENAMES, "--src-prefix=a/", "--dst-prefix=b/")
    text = repository.git("diff-tree", "-r", "-p", *options, old, new).decode(errors="replace")
    return text[:SHOWN_CHARS], len(text) > SHOWN_CHARS
