"""The folders that a person could open, while they type the path."""

import os
from collections.abc import Iterator
from contextlib import suppress
from heapq import nsmallest
from pathlib import Path

from django.conf import settings

from .models.project import is_allowed

MOST = 30


def beginning_with(text: str) -> list[str]:
    """Paths of existing folders inside the allowed roots that begin with `text`, in order, `MOST` at most. Hidden ones
    only where `text` names one; with no `text`, the roots and what is in them."""
    roots = [str(root) for root in settings.ALLOWED_ROOTS]
    if not text:
        return [*roots, *nsmallest(MOST, (path for root in roots for path in _inside(root, "")))][:MOST]
    with suppress(OSError, RuntimeError):  # too long, or a loop of links
        text = os.path.expanduser(text) if text.startswith("~") else text
        parent, _, name = text.rpartition("/")
        found = [root for root in roots if root.startswith(text)]
        if _leads_inside(Path(parent or "/")):
            found += nsmallest(MOST, _inside(parent or "/", name))
        return list(dict.fromkeys(found))[:MOST]
    return []


def _inside(parent: str, beginning: str) -> Iterator[str]:
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            wanted = entry.name.startswith(beginning) and (beginning or not entry.name.startswith("."))
            if wanted and _is_folder(entry):
                yield os.path.join(parent, entry.name)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    with suppress(OSError):
        return entry.is_dir() and (not entry.is_symlink() or _leads_inside(Path(entry.path)))
    return False


def _leads_inside(path: Path) -> bool:
    return path.is_absolute() and is_allowed(path.resolve())
