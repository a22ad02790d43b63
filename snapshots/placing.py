"""Puts files where a tree has them. It goes through the workspace's guard, follows no link on the way, and changes
nothing that it did not expect to find."""

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tools.descent import Place
from tools.errors import NotFound, PathDenied, ToolError
from tools.paths import display
from tools.workspace import TEMPORARY_PREFIX, Workspace

from .comparing import EXECUTABLE, LINK, MISSING, Side
from .repository import LARGE_BYTES

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
NOTHING = Side(MISSING, "0" * 40)


def blob_of(data: bytes) -> str:
    """The id that git gives to a content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class PlacingWorkspace(Workspace):
    """A workspace whose files are named by their bytes, as a tree has them."""

    def side(self, raw: bytes) -> Side | None:
        """What is there now, where a folder is nothing; None for what no tree holds: a device, a large file. Raises
        PathDenied."""
        try:
            with self._name(raw) as place:
                status = place.stat()
                if status is None or stat.S_ISDIR(status.st_mode):
                    return NOTHING
                if stat.S_ISLNK(status.st_mode):
                    target = os.readlink(place.name, dir_fd=place.directory)
                    return Side(LINK, blob_of(os.fsencode(target)))
                if not stat.S_ISREG(status.st_mode) or status.st_size > LARGE_BYTES:
                    return None
                mode = EXECUTABLE if status.st_mode & stat.S_IXUSR else "100644"
                return Side(mode, blob_of(_content(place)))
        except PathDenied:
            raise
        except ToolError:
            return NOTHING

    def objection(self, raw: bytes) -> str:
        """Why the file must stay as it is; empty where it may be replaced."""
        try:
            with self._name(raw) as place:
                status = place.stat()
                if status is not None and stat.S_ISREG(status.st_mode) and not status.st_mode & 0o222:
                    return "it is read-only"
        except PathDenied as error:
            return str(error)
        except ToolError:
            pass
        return ""

    def put(self, raw: bytes, mode: str, data: bytes) -> None:
        """Make the name hold `data`, at once: a file or a link takes it over whole. Raises ToolError."""
        with self._name(raw, make=True) as place:
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

    def take_away(self, raw: bytes) -> None:
        """Remove the file, and the folders that are empty then. Raises ToolError."""
        try:
            with self._name(raw) as place:
                os.unlink(place.name, dir_fd=place.directory)
        except NotFound:
            return
        parts = _parts(raw)[:-1]
        with suppress(OSError, ToolError):
            while parts:
                with self._name(os.fsencode("/".join(parts))) as place:
                    os.rmdir(place.name, dir_fd=place.directory)
                parts = parts[:-1]

    @contextmanager
    def _name(self, raw: bytes, *, make: bool = False) -> Iterator[Place]:
        with self._place(_parts(raw), follow_last=False, make=make) as place:
            if place.through_link:
                raise PathDenied(f"{display(_parts(raw))} lies under a symbolic link now.")
            yield place


def _parts(raw: bytes) -> tuple[str, ...]:
    return tuple(os.fsdecode(raw).split("/"))


def _content(place: Place) -> bytes:
    with os.fdopen(os.open(place.name, _READ, dir_fd=place.directory), "rb") as stream:
        return stream.read()


def _write(place: Place, name: str, data: bytes, before: os.stat_result | None, mode: str) -> None:
    """A tree knows whether a file may be run; the rest of its permissions stays as it is."""
    fd = os.open(name, _CREATE, 0o777 if mode == EXECUTABLE else 0o666, dir_fd=place.directory)
    with os.fdopen(fd, "wb") as stream:
        stream.write(data)
        if before is not None and stat.S_ISREG(before.st_mode):
            bits = stat.S_IMODE(before.st_mode)
            os.fchmod(fd, bits | (bits & 0o444) >> 2 if mode == EXECUTABLE else bits & ~0o111)
