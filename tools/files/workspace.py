"""Opens a project's files, as the one door to them: all that a tool reads or writes goes through a Workspace.

It holds a root and nothing else open; each use walks down from the root (see `safe_open`). All methods block, so async
code calls them through `tools.files.threads`. They raise ToolError (or PathDenied) with a sentence for the model.
"""

from __future__ import annotations

import difflib
import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.errors import NotFound, PathDenied, ToolError
from tools.files.paths import display, is_below, is_git_internal, relative_parts, unfolded_parts
from tools.files.safe_open import DIRECTORY, Descent, Target

Parts = tuple[str, ...]

TEMPORARY_PREFIX = ".boocode-tmp-"

# O_NONBLOCK: a FIFO that takes the place of a file between check and open must not hang the thread.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class OpenFile:
    """A regular file, open for reading. `parts` is where it really is, links resolved."""

    fd: int
    size: int
    parts: Parts


@dataclass(frozen=True)
class OpenDirectory:
    """A directory, open. `parts` is where it really is, links resolved."""

    fd: int
    parts: Parts


class Workspace:
    """Opens files below a root directory, and knows what in it is out of bounds.

    `protected` are absolute paths (BooCode's own data, say): below the root they are never read or written. So is
    everything called `.git`. A root that itself lies in a protected directory is fine. One that is a link is none: a
    project's was no link when it was chosen, so that somebody put one in its place since.
    """

    def __init__(self, root: str | Path, protected: Iterable[str | Path] = ()) -> None:
        self.given = os.path.abspath(root)
        self.root = Path(os.path.realpath(self.given))
        self._names = (str(self.root), self.given)
        self._protected = tuple(_parts_below(self.root, path) for path in protected)

    @property
    def protected_parts(self) -> tuple[Parts, ...]:
        """Gives the protected places below the root, as components."""
        return tuple(parts for parts in self._protected if parts)

    def parts(self, path: str | Parts) -> Parts:
        """Splits `path` into components below the root, links not resolved; components pass as they are. Raises
        PathDenied."""
        return path if isinstance(path, tuple) else relative_parts(path, *self._names)

    def real(self, path: str | Parts) -> Parts:
        """Tells where `path` leads, links resolved; its text where it leads nowhere that is allowed."""
        try:
            with self._find_target(path) as place:
                return place.parts
        except ToolError:
            return path if isinstance(path, tuple) else (path,)

    def shows(self, parts: Parts) -> bool:
        """Tells whether listings show the name: nothing protected, and no file in the moment before its rename."""
        if parts[-1].startswith(TEMPORARY_PREFIX) or is_git_internal(parts[-1:]):
            return False
        return not any(is_below(parts, directory) for directory in self.protected_parts)

    def contains(self, path: str | Parts) -> bool:
        """Tells whether `path` leads to an allowed place below the root now, through whatever links."""
        try:
            with self._find_target(path):
                return True
        except ToolError:
            return False

    def reaches(self, path: str) -> bool:
        """Tells whether a program in the root that is given `path` ends up at an allowed place below it, or at
        nothing."""
        try:
            with self._find_target(unfolded_parts(path, *self._names)):
                return True
        except NotFound:
            return ".." not in path.split("/")
        except ToolError:
            return False

    @contextmanager
    def open_file(self, path: str | Parts) -> Iterator[OpenFile]:
        """Opens a regular file for reading: no directory, device, FIFO, socket, nor anything of /proc or /sys."""
        with self._find_target(path) as place:
            status = place.stat()
            if status is None:
                raise _not_found(place)
            _check_regular(place, status)
            fd = os.open(place.name, _READ, dir_fd=place.directory)
            try:
                status = os.fstat(fd)
                _check_regular(place, status)
                self._check(place.parts, status)
                yield OpenFile(fd, status.st_size, place.parts)
            finally:
                os.close(fd)

    @contextmanager
    def open_directory(self, path: str | Parts) -> Iterator[OpenDirectory]:
        """Opens a directory, for listing it or for running a command in it."""
        with self._find_target(path) as place:
            if place.stat() is None:
                raise _not_found(place)
            fd = os.open(place.name, DIRECTORY, dir_fd=place.directory)
            try:
                self._check(place.parts, os.fstat(fd))
                yield OpenDirectory(fd, place.parts)
            finally:
                os.close(fd)

    def read(self, path: str, limit: int) -> bytes:
        """Reads the whole file, which may have `limit` bytes at most."""
        with self.open_file(path) as file:
            with os.fdopen(os.dup(file.fd), "rb") as stream:
                data = stream.read(limit + 1)
            if len(data) > limit:
                raise ToolError(f"{display(file.parts)} has {file.size:,} bytes; {limit:,} is the limit here.")
            return data

    def read_or_none(self, path: str, limit: int) -> bytes | None:
        """Reads as `read` does; None where nothing has the name."""
        try:
            return self.read(path, limit)
        except NotFound:
            return None

    def write(self, path: str, data: bytes) -> str:
        """Replaces or makes the file, whole or not at all, and makes missing directories; gives its path below the
        root.

        Mode and owner stay. A new file takes the name, so the old one's other names (hard links) keep its content.
        """
        with self._find_target(path, make=True) as place:
            before = place.stat()
            if before is None:
                _check_dangling(place)
            else:
                _check_regular(place, before)
                _check_writable(place, before)
            _replace(place, before, data)
            return display(place.parts)

    def remove(self, path: str) -> str:
        """Removes one file or link (the link, not what it points to); gives its path below the root."""
        with self._find_target(path, follow_last=False) as place:
            status = place.stat()
            if status is None:
                raise _not_found(place)
            if stat.S_ISDIR(status.st_mode):
                raise ToolError(f"{display(place.parts)} is a directory: only files can be deleted.")
            os.unlink(place.name, dir_fd=place.directory)
            return display(place.parts)

    def rename(self, source: str, target: str) -> tuple[str, str]:
        """Moves a file or directory to a name that is free; gives both paths below the root."""
        with (
            self._find_target(source, follow_last=False) as old,
            self._find_target(target, follow_last=False, make=True) as new,
        ):
            if old.stat() is None:
                raise _not_found(old)
            if new.stat() is not None:
                raise ToolError(f"{display(new.parts)} exists already: delete it first, or choose another name.")
            if any(is_below(parts, old.parts) for parts in self.protected_parts) or not old.parts:
                raise PathDenied(f"{display(old.parts)} must stay where it is.")
            os.rename(old.name, new.name, src_dir_fd=old.directory, dst_dir_fd=new.directory)
            return display(old.parts), display(new.parts)

    def check_root(self) -> None:
        """Raises PathDenied where the root, or a directory above it, is a link."""
        if str(self.root) != self.given:
            raise PathDenied(
                f"The project's folder, {self.given}, is a link to another one now, where nothing is done: put the "
                "folder back, or make a project of the other."
            )

    @contextmanager
    def _find_target(self, path: str | Parts, *, follow_last: bool = True, make: bool = False) -> Iterator[Target]:
        parts = self.parts(path)
        self.check_root()
        try:
            with Descent(str(self.root), self._names, self._check) as descent:
                yield descent.find_target(parts, follow_last=follow_last, make=make)
        except OSError as error:
            if not self.root.is_dir():
                raise ToolError(f"The project's folder, {self.root}, does not exist any more.") from error
            raise _explain(error, display(parts)) from error

    def _check(self, parts: Parts, status: os.stat_result | None) -> None:
        if is_git_internal(parts):
            raise PathDenied(f"{display(parts)}: .git is out of bounds for file tools; use git commands.")
        if any(is_below(parts, directory) for directory in self.protected_parts):
            raise PathDenied(f"{display(parts)} is not part of the project.")
        if status is not None and parts and _identity(status) in self._forbidden():
            raise PathDenied(f"{display(parts)} is not part of the project.")

    def _forbidden(self) -> set[tuple[int, int]]:
        """Gives the protected directories by identity, so that no other name of theirs (a bind mount) opens them."""
        found = set()
        for parts in self.protected_parts:
            with suppress(OSError):
                found.add(_identity(os.stat(self.root.joinpath(*parts))))
        return found


def _parts_below(root: Path, path: str | Path) -> Parts:
    """Gives the components of `path` below the root, () where it is not below it."""
    real = Path(os.path.realpath(path))
    return real.relative_to(root).parts if real.is_relative_to(root) else ()


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


@cache
def _kernel_devices() -> frozenset[int]:
    """/proc and /sys are full of regular files that are none: `/proc/self/environ` is the server's own secrets."""
    found = set()
    for path in ("/proc", "/sys"):
        with suppress(OSError):
            found.add(os.stat(path).st_dev)
    return frozenset(found - {os.stat("/").st_dev})


def _check_regular(place: Target, status: os.stat_result) -> None:
    shown = display(place.parts)
    if stat.S_ISDIR(status.st_mode):
        raise ToolError(f"{shown} is a directory: use list_files.")
    if not stat.S_ISREG(status.st_mode) or status.st_dev in _kernel_devices():
        raise PathDenied(f"{shown} is not a regular file (a device, pipe, socket or link).")


def _check_writable(place: Target, status: os.stat_result) -> None:
    # A rename does not ask for the file's own permission; a person who took it away meant it, root or not.
    if not status.st_mode & 0o222 or not os.access(place.name, os.W_OK, dir_fd=place.directory):
        raise ToolError(f"{display(place.parts)} is read-only (mode {stat.S_IMODE(status.st_mode):o}).")


def _check_dangling(place: Target) -> None:
    if place.through_link:
        raise PathDenied(f"{display(place.parts)} does not exist, and the path is a symbolic link to it.")


def _replace(place: Target, before: os.stat_result | None, data: bytes) -> None:
    temporary = TEMPORARY_PREFIX + secrets.token_hex(8)
    fd = os.open(temporary, _CREATE, 0o666, dir_fd=place.directory)
    try:
        with os.fdopen(fd, "wb") as stream:
            stream.write(data)
            if before is not None:
                _keep_owner_and_mode(fd, before)
        # No fsync: what must stand is a killed process, not a power cut, and an edit shall not wait for the disk.
        os.rename(temporary, place.name, src_dir_fd=place.directory, dst_dir_fd=place.directory)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=place.directory)
        raise


def _keep_owner_and_mode(fd: int, before: os.stat_result) -> None:
    now = os.fstat(fd)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        with suppress(PermissionError):
            os.fchown(fd, before.st_uid, before.st_gid)
    os.fchmod(fd, stat.S_IMODE(before.st_mode))


def _not_found(place: Target) -> NotFound:
    near: list[str] = []
    with suppress(OSError):
        near = difflib.get_close_matches(place.name, os.listdir(place.directory)[:2_000], n=3)
    hint = f" Near it: {', '.join(display((*place.parts[:-1], name)) for name in near)}." if near else ""
    return NotFound(f"{display(place.parts)} does not exist.{hint}")


def _explain(error: OSError, shown: str) -> ToolError:
    if error.errno == errno.ENOENT:
        return NotFound(f"{shown} does not exist.")
    if error.errno == errno.ENOTDIR:
        return ToolError(f"{shown} is not a directory, or its path goes through something that is none.")
    if error.errno == errno.ELOOP:
        return PathDenied(f"{shown} changed while it was being opened.")
    return ToolError(f"{shown}: {error.strerror or error}.")
