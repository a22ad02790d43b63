"""A project's own rules: which calls of a tool are allowed, asked for or denied. Pure.

A pattern is read as words, as a shell splits them, and compared word by word with the call (a command's arguments, or
a file tool's path): `*`, `?` and `[…]` stand for characters within one word, a last word `**` for any further words.
Never by prefix: `git diff` does not match `git diff --output=x`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import ValidationError

from tools.base import Tool
from tools.errors import ToolError

Verdict = Literal["allow", "ask", "deny"]


@dataclass(frozen=True)
class Rule:
    tool: str
    pattern: str
    verdict: Verdict


def subjects_of(tool: Tool[Any], args: Mapping[str, Any] | str) -> list[list[str]]:
    """What a call's rules are compared with, each as words: its command, or each path that it touches.

    Its arguments are read as the tool itself reads them, so that another spelling of them (JSON in a string, say) is no
    way around a rule. Empty where there is nothing to compare, or nothing will run.
    """
    try:
        checked = tool.parsed(args)
        return [list(subject) for subject in checked.subjects()]
    except (ValidationError, ToolError):
        return []


def exact_pattern(words: Sequence[str]) -> str:
    """The pattern that matches these words and no others."""
    return shlex.join("".join(f"[{char}]" if char in "*?[" else char for char in word) for word in words)


def matches(pattern: str, words: Sequence[str]) -> bool:
    try:
        wanted = shlex.split(pattern)
    except ValueError:
        return False
    if wanted and wanted[-1] == "**":
        wanted, words = wanted[:-1], words[: len(wanted) - 1]
    return len(wanted) == len(words) and all(map(fnmatchcase, words, wanted))


def verdict(rules: Sequence[Rule], tool: str, subjects: Iterable[Sequence[str]]) -> Verdict | None:
    """What the rules say of a call: the strictest of what they say of its subjects. None where one has no rule, and
    none is denied or asked for."""
    found = {_verdict(rules, tool, words) for words in subjects}
    for strict in ("deny", "ask", None, "allow"):
        if strict in found:
            return strict
    return None


def _verdict(rules: Iterable[Rule], tool: str, words: Sequence[str]) -> Verdict | None:
    """What the last rule that matches says; None where none does."""
    found: Verdict | None = None
    for rule in rules:
        if rule.tool in (tool, "*") and words and matches(rule.pattern, words):
            found = rule.verdict
    return found
