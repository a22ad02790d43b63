"""Finds the git repositories below a project's folder: those whose settings commands must not write, and new ones.

A repository's settings and hooks name programs that git runs, as the person, when they use it outside of the sandbox.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.commands.git_place import find_repository, read_common_dir
from tools.errors import ToolError

MOST_FOLDERS = 50_000
FRESH_S = 5.0
_MOST_ROOTS = 32
_SETTINGS_BYTES = 256 * 1024
_INCLUDED = re.compile(r"^\s*path\s*=\s*\"?([^\"#;\n]+)", re.IGNORECASE | re.MULTILINE)
_EMPTY = "/dev/null"

Stamp = tuple[int, int, int]
Identity = tuple[str, int]


@dataclass
class _Folders:
    """Remembers what each folder of a root held, so that a folder that did not change need not be read again."""

    known: dict[str, tuple[Stamp, tuple[str, ...], bool]] = field(default_factory=dict)
    found: frozenset[Identity] = frozenset()
    walked_at: float = -math.inf

    def walk(self, root: str, hidden: Iterable[str]) -> Iterator[str]:
        """Yields the folders that have a `.git`."""
        seen: dict[str, tuple[Stamp, tuple[str, ...], bool]] = {}
        todo = [root]
        while todo and len(seen) < MOST_FOLDERS:
            folder = todo.pop()
            try:
                stamp = _stamp(os.lstat(folder))
                known = self.known.get(folder)
                if known is None or known[0] != stamp:
                    known = (stamp, *_read(folder))
            except OSError:
                continue
            seen[folder] = known
            if known[2]:
                yield folder
            todo += [place for name in known[1] if (place := f"{folder}/{name}") not in hidden]
        self.known = seen


_roots: dict[str, _Folders] = {}


def find_repositories(root: str, hidden: Iterable[str] = (), *, since_s: float = 0) -> frozenset[Identity]:
    """Finds what is called `.git` in the root or below, as (path, inode). Links are not followed. Blocks.

    What a folder holds is read again only where the folder changed: 2,000 folders take some milliseconds. What was
    found within the last `since_s` is taken as it is.
    """
    if root not in _roots and len(_roots) >= _MOST_ROOTS:
        del _roots[next(iter(_roots))]
    folders = _roots.setdefault(root, _Folders())
    if time.monotonic() - folders.walked_at > since_s:
        found = set()
        for folder in folders.walk(root.rstrip("/"), hidden):
            with suppress(OSError):
                place = f"{folder}/.git"
                found.add((place, os.lstat(place).st_ino))
        folders.found, folders.walked_at = frozenset(found), time.monotonic()
    return folders.found


def _stamp(status: os.stat_result) -> Stamp:
    """Tells states of a folder apart: a program can set the time of a change, but not the time of that (ctime)."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _read(folder: str) -> tuple[tuple[str, ...], bool]:
    below: list[str] = []
    has_git = False
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == ".git":
                has_git = True
            elif entry.is_dir(follow_symlinks=False):
                below.append(entry.name)
    return tuple(below), has_git


def find_and_cover(root: str, hidden: Iterable[str] = ()) -> tuple[frozenset[Identity], tuple[str, ...]]:
    """Finds the repositories before a command, and makes the words for bubblewrap that keep their settings from it.
    Blocks."""
    # The look after the command before this one is fresh enough.
    found = find_repositories(root, hidden, since_s=FRESH_S)
    return found, (*_read_only(found), *_show_outside(root))


def _read_only(repositories: Iterable[Identity]) -> list[str]:
    """Covers what git takes programs from.

    A repository is a mount of its own, for else it could be moved away and another one put in its place. A cover needs
    something to lie on: where settings or hooks are missing, empty ones are made, which is what they mean.
    """
    words: list[str] = []
    for git, _ in sorted(repositories):
        if os.path.islink(git):
            continue
        if not os.path.isdir(git):
            words += ("--ro-bind", git, git)  # it names the repository of a linked work tree or a submodule
            continue
        words += ("--bind", git, git)
        for directory in (git, *_stores_of_submodules(git)):
            words += _covers(directory)
        for worktree in _names(f"{git}/worktrees"):
            words += _cover_if_there(f"{git}/worktrees/{worktree}/config.worktree")
    return words


def _show_outside(root: str) -> tuple[str, ...]:
    """Shows the repository that the folder belongs to where git's directory lies elsewhere (a linked work tree, a
    submodule, a folder of a larger one): git works as far as it only reads."""
    try:
        git_dir = find_repository(Path(root)).git_dir
    except (ToolError, OSError):
        return ()
    shared = os.path.normpath(os.path.join(git_dir, read_common_dir(git_dir)))
    outside = [place for place in dict.fromkeys((shared, git_dir)) if not Path(place).is_relative_to(root)]
    words = [word for place in outside for word in ("--ro-bind-try", place, place)]
    # The project's folder is a mount of its own here, where git would look no further up.
    return (*words, "--setenv", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "1") if words else ()


def _covers(git: str) -> Iterator[str]:
    config = f"{git}/config"
    yield from ("--ro-bind", config if os.path.lexists(config) else _EMPTY, config)
    settings = _read_small(config)
    worktree = f"{git}/config.worktree"
    if os.path.lexists(worktree):
        yield from ("--ro-bind", worktree, worktree)
    elif "worktreeconfig" in settings.lower():
        yield from ("--ro-bind", _EMPTY, worktree)
    for path in _INCLUDED.findall(settings):
        yield from _cover_if_there(os.path.normpath(os.path.join(git, os.path.expanduser(path.strip()))))
    hooks = f"{git}/hooks"
    if os.path.lexists(hooks):
        yield from ("--ro-bind", hooks, hooks)
    else:
        yield from ("--perms", "0555", "--tmpfs", hooks)


def _cover_if_there(place: str) -> tuple[str, ...]:
    return ("--ro-bind-try", place, place) if os.path.lexists(place) else ()


def _stores_of_submodules(git: str) -> Iterator[str]:
    """Yields the git directories below `modules`; a submodule's name may have slashes in it, and submodules their
    own."""
    todo = [f"{git}/modules"]
    while todo:
        folder = todo.pop()
        for name in _names(folder):
            place = f"{folder}/{name}"
            if os.path.isfile(f"{place}/HEAD"):
                yield place
                todo.append(f"{place}/modules")
            else:
                todo.append(place)


def _names(folder: str) -> list[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    return []


def _read_small(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(_SETTINGS_BYTES).decode(errors="replace")
    except OSError:
        return ""


def remove_redirects(repositories: Iterable[Identity]) -> None:
    """Removes, after a command, the file that would have git take its settings from elsewhere, and so programs.

    It can't be covered, for a cover needs a file to lie on; a repository of its own never has it.
    """
    for git, _ in repositories:
        if not os.path.islink(git):
            with suppress(OSError):
                os.unlink(f"{git}/commondir")


def find_new(root: str, before: Iterable[Identity], hidden: Iterable[str] = ()) -> list[str]:
    """Names the folders below the root, "." for itself, whose repository was not there before a command."""
    new = find_repositories(root, hidden) - frozenset(before)
    return sorted(os.path.relpath(os.path.dirname(git), root) for git, _ in new)
