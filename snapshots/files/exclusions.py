"""Names what no tree holds although no rule of the project says so: folders that a tool fills and can fill again. The
person's own rules come after these, so a `!node_modules` in a .gitignore wins."""

import os
import re
from collections.abc import Iterable

MADE_ANEW = "it can be made anew: such folders are not kept, unless they are in the project's repository"
NAMES = (
    *("node_modules", "bower_components", ".next", ".nuxt", ".svelte-kit", ".parcel-cache", ".turbo"),
    *("venv", ".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox"),
    *(".gradle", ".terraform"),
)
# A name that says little, unless this file lies beside it in the root.
BESIDE = {"Cargo.toml": "target", "pom.xml": "target"}


def list_patterns(root: str) -> list[str]:
    """Returns the folders, as lines of a .gitignore. Looks at the root's files."""
    beside = {f"/{folder}/" for file, folder in BESIDE.items() if os.path.isfile(os.path.join(root, file))}
    return [*(f"{name}/" for name in NAMES), *sorted(beside)]


def list_exceptions(tracked: Iterable[bytes]) -> list[bytes]:
    """Returns lines that take back the patterns for each folder that holds one of the `tracked` files."""
    names = {os.fsencode(name) for name in (*NAMES, *BESIDE.values())}
    folders = set[bytes]()
    for path in tracked:
        parts = path.split(b"/")
        folders |= {b"/".join(parts[: place + 1]) for place, part in enumerate(parts[:-1]) if part in names}
    return [b"!/" + escape(folder) + b"/" for folder in sorted(folders) if b"\n" not in folder]


def escape(path: bytes) -> bytes:
    """Returns the path as a pattern that matches nothing else."""
    return re.sub(rb"([\\*?\[\] #!])", rb"\\\1", path)


def is_named(path: bytes) -> bool:
    """Tells whether the folder has one of the names."""
    return os.path.basename(os.fsdecode(path).rstrip("/")) in {*NAMES, *BESIDE.values()}
