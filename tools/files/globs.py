"""Writes a caller's glob as the patterns of a `.gitignore`, which ripgrep and pathspec read alike. Pure."""

from __future__ import annotations

import re

MOST_PATTERNS = 200
_BRACES = re.compile(r"\{([^{}]*)\}")


def to_patterns(glob: str) -> list[str]:
    """Gives the patterns that a file has to match; one with `!` before it leaves files out.

    `{a,b}` stands for each, `./` for the folder itself, and the name of a folder for what is in it. Brackets are a
    set of characters (`[ab].py`) and, as file names hold them too, themselves (`[id]/page.tsx`).
    """
    found: list[str] = []
    for one in _expand(glob.strip()):
        mark, pattern = ("!", one[1:]) if one.startswith("!") else ("", one)
        while pattern.startswith("./"):
            pattern = pattern[2:]
        for spelled in dict.fromkeys((pattern, re.sub(r"([\[\]])", r"\\\1", pattern))):
            if folder := spelled.rstrip("/"):
                found += [f"{mark}{folder}/**"] if spelled.endswith("/") else [f"{mark}{folder}", f"{mark}{folder}/**"]
    return found[:MOST_PATTERNS]


def _expand(glob: str) -> list[str]:
    """Writes out the innermost braces until there are none."""
    done: list[str] = []
    todo = [glob]
    while todo and len(done) + len(todo) <= MOST_PATTERNS:
        one = todo.pop(0)
        match = _BRACES.search(one)
        if match is None or "," not in match[1]:
            done.append(one)
        else:
            todo[:0] = [one[: match.start()] + part + one[match.end() :] for part in match[1].split(",")]
    return done + todo
