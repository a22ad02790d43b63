"""Walks down from a root to one name, on directory file descriptors.

Each component is opened without following links, from the descriptor of the one above it; a symlink is read and its
target walked the same way, so no swap between check and use can lead out of the root (CVE-2025-53109). It is what
`openat2(RESOLVE_BENEATH)` does, for every system that has `openat`.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tools.errors import PathDenied
from tools.files.paths import display, relative_parts

MAX_LINKS = 40
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Check = Callable[[tuple[str, ...], os.stat_result | None], None]


@dataclass(frozen=True)
class Target:
    """Names something in an open directory; it may or may not exist. `name` is `.` for the root itself."""

    directory: int
    name: str
    parts: tuple[str, ...]
    through_link: bool

    def stat(self) -> os.stat_result | None:
        """Reads the name's own status, links not followed; None where nothing has the name."""
        try:
            return os.stat(self.name, dir_fd=self.directory, follow_symlinks=False)
        except FileNotFoundError:
            return None


class Descent:
    """Makes one walk. It owns the descriptors that it opens: use it as a context manager."""

    def __init__(self, root: str, names_of_root: tuple[str, ...], check: Check) -> None:
        self._names_of_root = names_of_root
        self._check = check
        self._fds = [os.open(root, DIRECTORY)]
        self._names: list[str] = []
        self._links = 0

    def __enter__(self) -> Descent:
        return self

    def __exit__(self, *_: object) -> None:
        while self._fds:
            os.close(self._fds.pop())

    def find_target(self, parts: tuple[str, ...], *, follow_last: bool = True, make: bool = False) -> Target:
        """Walks to the parent of the last name. `make` makes missing directories. Raises PathDenied, OSError."""
        todo = deque(parts)
        while todo:
            name = todo.popleft()
            if name == "..":
                self._up()
                continue
            if name in ("", "."):
                continue
            self._check((*self._names, name), None)
            target = self._target(name) if todo or follow_last else None
            if target is not None:
                self._redirect(target, todo)
            elif todo:
                self._down(name, make=make and not self._links)
            else:
                return Target(self._fds[-1], name, (*self._names, name), self._links > 0)
        return Target(self._fds[-1], ".", tuple(self._names), self._links > 0)

    def _target(self, name: str) -> str | None:
        try:
            return os.readlink(name, dir_fd=self._fds[-1])
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT):
                return None
            raise

    def _redirect(self, target: str, todo: deque[str]) -> None:
        self._links += 1
        if self._links > MAX_LINKS:
            raise PathDenied("The path goes through too many symbolic links.")
        if not target.startswith("/"):
            todo.extendleft(reversed(target.split("/")))
            return
        try:
            parts = relative_parts(target, *self._names_of_root)
        except PathDenied:
            raise PathDenied("The path goes through a symbolic link that leads out of the project.") from None
        while self._names:
            self._up()
        todo.extendleft(reversed(parts))

    def _up(self) -> None:
        if not self._names:
            raise PathDenied("The path goes through a symbolic link that leads out of the project.")
        self._names.pop()
        os.close(self._fds.pop())

    def _down(self, name: str, *, make: bool) -> None:
        try:
            fd = os.open(name, DIRECTORY, dir_fd=self._fds[-1])
        except FileNotFoundError:
            if not make:
                raise
            os.mkdir(name, dir_fd=self._fds[-1])
            fd = os.open(name, DIRECTORY, dir_fd=self._fds[-1])
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise PathDenied(f"{display((*self._names, name))} changed while it was being opened.") from None
            raise
        self._fds.append(fd)
        self._names.append(name)
        self._check(tuple(self._names), os.fstat(fd))
