"""Decides which files a listing or search leaves out: `.gitignore` at every level, as git reads it, and `.git`
itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache

from pathspec import GitIgnoreSpec

IGNORE_FILE = ".gitignore"
IGNORE_FILE_BYTES = 256 * 1024
BELOW = "ps_d"  # the library's group for the slash before what lies in a directory


@lru_cache(maxsize=256)
def _spec(text: str) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(text.splitlines())


@dataclass(frozen=True)
class IgnoreRules:
    """Holds the rules of one directory, with those of the directories above it behind them."""

    base: tuple[str, ...] = ()
    spec: GitIgnoreSpec | None = None
    above: IgnoreRules | None = None

    def below(self, directory: int, parts: tuple[str, ...]) -> IgnoreRules:
        """Adds to these rules the ones that an open directory at `parts` brings itself."""
        text = _ignore_text(directory)
        return IgnoreRules(parts, _spec(text), self) if text else self

    def ignores(self, parts: tuple[str, ...], *, directory: bool) -> bool:
        """Tells whether the nearest rule that says anything about `parts` says to leave it out."""
        rules: IgnoreRules | None = self
        while rules is not None:
            if rules.spec is not None:
                path = "/".join(parts[len(rules.base) :]) + ("/" if directory else "")
                decision = _decision(rules.spec, path)
                if decision is not None:
                    return decision
            rules = rules.above
        return False


def _decision(spec: GitIgnoreSpec, path: str) -> bool | None:
    """Tells what the last pattern says that names `path` itself. The library also lets one speak for all that lies in
    the directory it names, and git does not: there `!a.log` brings back no `a.log/a`."""
    for pattern in reversed(list(spec.patterns)):
        match = pattern.regex.match(path) if pattern.regex is not None else None
        if match and (match.groupdict().get(BELOW) is None or match.end(BELOW) == len(path)):
            return pattern.include
    return None


def _ignore_text(directory: int) -> str:
    try:
        fd = os.open(IGNORE_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        return ""
    with os.fdopen(fd, "rb") as stream:
        try:
            return stream.read(IGNORE_FILE_BYTES).decode(errors="replace")
        except OSError:
            return ""
