"""Writes the files of a tree into the workspace. Every access goes through the workspace's guard and follows no link on
the way."""

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tools.errors import NotFound, PathDenied, ToolError
from tools.files.paths import display
from tools.files.safe_open import Target
from tools.files.workspace import TEMPORARY_PREFIX, Workspace

from .repository import LARGE_BYTES
from .tree_diff import EXECUTABLE, LINK, MISSING, Side

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
NOTHING = Side(MISSING, "0" * 40)


def hash_blob(data: bytes) -> str:
    """Returns the id that git gives to a content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class TreeWriter(Workspace):
    """A workspace in which files are named by their bytes and written with their mode, as a tree has them."""

    def read_side(self, raw: bytes) -> Side | None:
        """Returns what is there now: `NOTHING` for a folder, None for what no tree holds (a device, a large file).
        Raises PathDenied."""
        try:
            with self._open_parent(raw) as place:
                status = place.stat()
                if status is None or stat.S_ISDIR(status.st_mode):
                    return NOTHING
                if stat.S_ISLNK(status.st_mode):
                    target = os.readlink(place.name, dir_fd=place.directory)
                    return Side(LINK, hash_blob(os.fsencode(target)))
                if not stat.S_ISREG(status.st_mode) or status.st_size > LARGE_BYTES:
                    return None
                mode = EXECUTABLE if status.st_mode & stat.S_IXUSR else "100644"
                return Side(mode, hash_blob(_content(place)))
        except PathDenied:
            raise
        except ToolError:
            return NOTHING

    def find_objection(self, raw: bytes) -> str:
        """Returns why the file must stay as it is, empty where it may be replaced."""
        try:
            with self._open_parent(raw) as place:
                status = place.stat()
                if status is not None and stat.S_ISREG(status.st_mode) and not status.st_mode & 0o222:
                    return "it is read-only"
        except PathDenied as error:
            return str(error)
        except ToolError:
            pass
        return ""

    def put_file(self, raw: bytes, mode: str, data: bytes) -> None:
        """Puts a file with `data`, or a link to it, under the name, in one rename. Raises ToolError."""
        with self._open_parent(raw, make=True) as place:
            before = place.stat()
            if before is not None and stat.S_ISDIR(before.st_mode):
                raise ToolError(f"{display(place.parts)} is a folder now.")
            temporary = TEMPORARY_PREFIX + secrets.token_hex(8)
            try:
                if mode == LINK:
                    os.symlink(os.fsdecode(data), temporary, dir_fd=place.directory)
                else:
                    _write(place, temporary, data, before, mode)
                os.rename(temporary, place.name, src_dir_fd=place.directory, dst_dir_fd=place.directory)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=place.directory)
                raise

    def remove_file(self, raw: bytes) -> None:
        """Removes the file, and the folders that are empty then. Raises ToolError."""
        try:
            with self._open_parent(raw) as place:
                os.unlink(place.name, dir_fd=place.directory)
        except NotFound:
            return
        parts = _parts(raw)[:-1]
        with suppress(OSError, ToolError):
            while parts:
                with self._open_parent(os.fsencode("/".join(parts))) as place:
                    os.rmdir(place.name, dir_fd=place.directory)
                parts = parts[:-1]

    @contextmanager
    def _open_parent(self, raw: bytes, *, make: bool = False) -> Iterator[Target]:
        with self._find_target(_parts(raw), follow_last=False, make=make) as place:
            if place.through_link:
                raise PathDenied(f"{display(_parts(raw))} lies under a symbolic link now.")
            yield place


def _parts(raw: bytes) -> tuple[str, ...]:
    return tuple(os.fsdecode(raw).split("/"))


def _content(place: Target) -> bytes:
    with os.fdopen(os.open(place.name, _READ, dir_fd=place.directory), "rb") as stream:
        return stream.read()


def _write(place: Target, name: str, data: bytes, before: os.stat_result | None, mode: str) -> None:
    """Writes a new file. A tree knows whether a file may be run; its other permissions stay as they were `before`."""
    fd = os.open(name, _CREATE, 0o777 if mode == EXECUTABLE else 0o666, dir_fd=place.directory)
    with os.fdopen(fd, "wb") as stream:
        stream.write(data)
        if before is not None and stat.S_ISREG(before.st_mode):
            bits = stat.S_IMODE(before.st_mode)
            os.fchmod(fd, bits | (bits & 0o444) >> 2 if mode == EXECUTABLE else bits & ~0o111)
