"""Finds the repository that a folder belongs to, and refuses one that leads elsewhere.

What is in the folder the agent may have written. A `.git` of another repository, or a setting that names another work
tree, would let a tool that only reads show files from anywhere on the disk.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError

NO_REPOSITORY = "This project is not a git repository."
_SMALL_BYTES = 64 * 1024


@dataclass(frozen=True)
class Repository:
    """Names git's directory and the folder whose files it keeps. Git is given both: no setting can change them."""

    git_dir: str
    work_tree: str

    @property
    def variables(self) -> dict[str, str]:
        return {"GIT_DIR": self.git_dir, "GIT_WORK_TREE": self.work_tree}


def find_repository(root: Path) -> Repository:
    """Finds the repository of the folder or of one above it. Raises ToolError where there is none, or where what is in
    the folder leads to another."""
    for folder in (root, *root.parents):
        place = folder / ".git"
        if not os.path.lexists(place):
            continue
        if folder != root:  # the person's own, out of the agent's reach
            return Repository(str(_read_git_dir(place)), str(folder))
        git_dir = _read_git_dir(place)
        if place.is_symlink() or not git_dir.is_relative_to(root):
            _check_points_back(git_dir, place)
        else:
            _check_keeps_to_itself(git_dir, root)
        return Repository(str(git_dir), str(root))
    raise ToolError(NO_REPOSITORY)


def _read_git_dir(place: Path) -> Path:
    """Follows a `.git` that is a link, or a file with the words `gitdir: PATH`, as linked work trees and submodules
    have it."""
    if place.is_dir():
        return place.resolve()
    words = _read_small(place)
    if not words.startswith("gitdir:"):
        raise ToolError(NO_REPOSITORY)
    return (place.parent / words.removeprefix("gitdir:").strip()).resolve()


def _check_points_back(git_dir: Path, place: Path) -> None:
    """Checks that git's directory outside of the folder knows it: nobody could write that from inside."""
    back = _read_small(git_dir / "gitdir").strip()
    if back and Path(git_dir, back) == place:
        return  # a linked work tree
    for line in _read_small(git_dir / "config").splitlines():
        name, _, value = line.partition("=")
        if name.strip().lower() == "worktree" and Path(git_dir, value.strip()).resolve() == place.parent:
            return  # a submodule
    raise ToolError(f"The project's .git leads to another repository, {git_dir}, which does not know this folder.")


def _check_keeps_to_itself(git_dir: Path, root: Path) -> None:
    """Checks that git's directory in the folder takes no objects and refs from elsewhere."""
    if os.path.lexists(git_dir / "commondir") and not _leads_into(
        git_dir / _read_small(git_dir / "commondir").strip(), root
    ):
        raise ToolError("The project's .git shares another repository's directory (commondir).")
    for line in _read_small(git_dir / "objects" / "info" / "alternates").splitlines():
        if line and not line.startswith("#") and not _leads_into(git_dir / "objects" / line, root):
            raise ToolError("The project's .git takes objects from another repository (objects/info/alternates).")
    for name in ("objects", "refs", "objects/info", "objects/pack", "HEAD", "index", "packed-refs", "config"):
        if not _leads_into(git_dir / name, root):
            raise ToolError(f"The project's .git/{name} is a link to another place.")


def read_common_dir(git_dir: str) -> str:
    """Tells where a linked work tree's directory says that the repository is, relative to it; "." where it says
    nothing."""
    return _read_small(Path(git_dir, "commondir")).strip() or "."


def _leads_into(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root)


def _read_small(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_SMALL_BYTES).decode(errors="surrogateescape")
    except OSError:
        return ""
