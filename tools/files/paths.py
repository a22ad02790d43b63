"""Applies the rules for paths that come from a model: functions of strings, no file system. Pure.

A path is compared component by component, never by prefix: `/w/app-evil` is not below `/w/app` (CVE-2025-53110,
CVE-2025-54794). What the rules cannot see (symlinks, devices) is the workspace's part.
"""

from __future__ import annotations

import re
import unicodedata

from tools.errors import PathDenied

MAX_PATH_CHARS = 4_000
MAX_NAME_BYTES = 255

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|file:", re.IGNORECASE)
# What HFS+ ignores in a name: `.g\u200cit` opens `.git` there (CVE-2014-9390).
_IGNORABLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")


def relative_parts(path: str, *roots: str) -> tuple[str, ...]:
    """Splits `path` into its components below the root; () is the root itself.

    A relative path counts from the root. An absolute one must lie in one of `roots` (the same directory under its
    several names), and is made relative. `..` is folded here, as text. Raises PathDenied.
    """
    _check_text(path)
    if path.startswith("/"):
        return _below_root(path, _folded(path, path.split("/")), roots)
    return _folded(path, path.split("/"))


def unfolded_parts(path: str, *roots: str) -> tuple[str, ...]:
    """Splits as `relative_parts` does, with each `..` left in its place: a program that is given the path goes up from
    where a link before it leads. Raises PathDenied."""
    _check_text(path)
    pieces = tuple(piece for piece in path.split("/") if piece not in ("", "."))
    return _below_root(path, pieces, roots) if path.startswith("/") else pieces


def display(parts: tuple[str, ...]) -> str:
    """Shows a path below the root: `src/app.py`, and `.` for the root."""
    return "/".join(parts) or "."


def is_below(parts: tuple[str, ...], directory: tuple[str, ...]) -> bool:
    """Tells whether `parts` is `directory` or lies in it; letter case is ignored, as some file systems do."""
    return tuple(map(_folded_name, parts[: len(directory)])) == tuple(map(_folded_name, directory))


def is_git_internal(parts: tuple[str, ...]) -> bool:
    """Tells whether a component is `.git` under any name that a file system could take for it (CVE-2025-59944)."""
    return any(_is_dot_git(part) for part in parts)


def _check_text(path: str) -> None:
    if not path:
        raise PathDenied("The path is empty: give one relative to the project's root, or '.' for the root.")
    if len(path) > MAX_PATH_CHARS:
        raise PathDenied(f"The path has {len(path):,} characters; {MAX_PATH_CHARS:,} is the limit.")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in path):
        raise PathDenied("The path has a control character or a broken one in it.")
    if path.startswith("~"):
        raise PathDenied("'~' is not expanded: give a path relative to the project's root.")
    if _SCHEME.match(path):
        raise PathDenied("That is an address, not a path: give a path relative to the project's root.")


def _below_root(path: str, parts: tuple[str, ...], roots: tuple[str, ...]) -> tuple[str, ...]:
    for root in roots:
        root_parts = tuple(part for part in root.split("/") if part)
        if parts[: len(root_parts)] == root_parts:
            return parts[len(root_parts) :]
    raise PathDenied(f"'{path}' is outside the project: give a path relative to its root.")


def _folded(path: str, pieces: list[str]) -> tuple[str, ...]:
    parts: list[str] = []
    for piece in pieces:
        if piece in ("", "."):
            continue
        if piece == "..":
            if not parts:
                raise PathDenied(f"'{path}' leads out of the project's root.")
            parts.pop()
        elif len(piece.encode()) > MAX_NAME_BYTES:
            raise PathDenied(f"A name in the path is longer than {MAX_NAME_BYTES} bytes.")
        else:
            parts.append(piece)
    return tuple(parts)


def _folded_name(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _is_dot_git(name: str) -> bool:
    # NTFS drops what follows a colon and trailing dots and spaces, and calls `.git` also `git~1`.
    plain = _IGNORABLE.sub("", unicodedata.normalize("NFKC", name)).casefold()
    return plain.partition(":")[0].rstrip(". ") in (".git", "git~1")
