"""A project's own rules: which calls of a tool are allowed, asked for or denied. Pure.

A pattern is read as words, as a shell splits them, and compared word by word with the call (a command's arguments, or
a file tool's path): `*`, `?` and `[…]` stand for characters within one word, a last word `**` for any further words.
Never by prefix: `git diff` does not match `git diff --output=x`.

In a line for a shell they stand for no character that makes another command of it: `sh -c 'echo *'` does not match
`sh -c 'echo; rm x'`, but `sh -c **` does. A rule that denies or asks holds for the program in any directory: `rm **` is
for `/bin/rm x` too.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import ValidationError

from tools.base import Tool
from tools.errors import ToolError

Verdict = Literal["allow", "ask", "deny"]

SHELLS = frozenset("sh bash dash zsh ksh fish ash".split())
_MEANS_MORE = frozenset(";&|<>$`()\n\r")


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
    same = _in_a_shell if any(os.path.basename(word) in SHELLS for word in words) else fnmatchcase
    return len(wanted) == len(words) and all(map(same, words, wanted))


def _in_a_shell(word: str, pattern: str) -> bool:
    return fnmatchcase(word, pattern) and _meaning_more(word) == _meaning_more(pattern)


def _meaning_more(text: str) -> list[str]:
    return [char for char in text if char in _MEANS_MORE]


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
        if rule.tool in (tool, "*") and any(matches(rule.pattern, names) for names in _names(rule, tool, words)):
            found = rule.verdict
    return found


def _names(rule: Rule, tool: str, words: Sequence[str]) -> Iterator[Sequence[str]]:
    """The words, and where a rule is to keep a program from running, those with its bare name."""
    if words:
        yield words
        if tool == "run_command" and rule.verdict != "allow":
            yield [os.path.basename(words[0]), *words[1:]]
