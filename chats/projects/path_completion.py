"""Completes the path of a folder while a person types it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from heapq import nsmallest
from pathlib import Path

from django.conf import settings

from chats.models.project import is_allowed

MAX_PATHS = 30


def complete_path(text: str) -> list[str]:
    """List existing folders inside the allowed roots whose paths begin with `text`, in order, `MAX_PATHS` at most.

    Hidden folders are listed only where `text` names one. With an empty `text`, lists the roots and their folders.
    """
    roots = [str(root) for root in settings.ALLOWED_ROOTS]
    if not text:
        return [*roots, *nsmallest(MAX_PATHS, (path for root in roots for path in _list_folders(root, "")))][:MAX_PATHS]
    with suppress(OSError, RuntimeError):  # too long, or a loop of links
        text = os.path.expanduser(text) if text.startswith("~") else text
        parent, _, name = text.rpartition("/")
        found = [root for root in roots if root.startswith(text)]
        if _is_inside_roots(Path(parent or "/")):
            found += nsmallest(MAX_PATHS, _list_folders(parent or "/", name))
        return list(dict.fromkeys(found))[:MAX_PATHS]
    return []


def _list_folders(parent: str, beginning: str) -> Iterator[str]:
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            wanted = entry.name.startswith(beginning) and (beginning or not entry.name.startswith("."))
            if wanted and _is_folder(entry):
                yield os.path.join(parent, entry.name)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    with suppress(OSError):
        return entry.is_dir() and (not entry.is_symlink() or _is_inside_roots(Path(entry.path)))
    return False


def _is_inside_roots(path: Path) -> bool:
    return path.is_absolute() and is_allowed(path.resolve())
