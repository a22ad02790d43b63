"""Applies a project's own rules: which calls of a tool are allowed, asked for or denied. Pure.

A pattern is read as words, as a shell splits them, and compared word by word with the call (a command's arguments, or
a file tool's path): `*`, `?` and `[…]` stand for characters within one word, a last word `**` for any further words.
Never by prefix: `git diff` does not match `git diff --output=x`.

Of all rules that match a call the strictest decides: deny, then ask, then allow. Their order does not matter.

In a line for a shell the wildcards stand for no character that makes another command of it: `sh -c 'echo *'` does not
match `sh -c 'echo; rm x'`, but `sh -c **` does. A rule that denies or asks holds for the program in any directory:
`rm **` is for `/bin/rm x` too.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from tools.base import RawArgs, Tool

Verdict = Literal["allow", "ask", "deny"]

SHELLS = frozenset("sh bash dash zsh ksh fish ash".split())
_MEANS_MORE = frozenset(";&|<>$`()\n\r")


@dataclass(frozen=True)
class Rule:
    tool: str
    pattern: str
    verdict: Verdict


def subjects_of(tool: Tool[Any], args: RawArgs) -> list[list[str]]:
    """Gives what rules are compared with, each as words: its command, or each path that it touches.

    They come from the arguments as the tool itself reads them, so that another spelling (JSON in a string, say) is no
    way around a rule. Empty where there is nothing to compare, or nothing will run.
    """
    checked = tool.try_parse(args)
    if checked is not None and checked.argv:
        return [checked.argv]
    return [[path] for path in tool.paths(args)]


def exact_pattern(words: Sequence[str]) -> str:
    """Makes the pattern that matches these words and no others."""
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


def strictest_rule(rules: Sequence[Rule], tool: Tool[Any], subjects: Iterable[Sequence[str]]) -> Rule | None:
    """Finds the rule that decides a call: the strictest of all that match one of its subjects.

    None where a subject has no rule, unless another one is denied or asked for: to allow a call takes a rule for each.
    """
    found = [_strictest_match(rules, tool, words) for words in subjects]
    rule = min(filter(None, found), key=_strictness, default=None)
    return None if rule is not None and rule.verdict == "allow" and None in found else rule


def _strictest_match(rules: Iterable[Rule], tool: Tool[Any], words: Sequence[str]) -> Rule | None:
    matching = (rule for rule in rules if rule.tool in (tool.name, "*") and _matches_call(rule, tool, words))
    return min(matching, key=_strictness, default=None)


def _strictness(rule: Rule) -> int:
    return ("deny", "ask", "allow").index(rule.verdict)


def _matches_call(rule: Rule, tool: Tool[Any], words: Sequence[str]) -> bool:
    return any(matches(rule.pattern, names) for names in _names(rule, tool, words))


def _names(rule: Rule, tool: Tool[Any], words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Gives the words, and where a rule is to keep a program from running, those with its bare name."""
    if words:
        yield words
        if tool.starts_program and rule.verdict != "allow":
            yield [os.path.basename(words[0]), *words[1:]]
