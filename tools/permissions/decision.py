"""Decides about a call before it runs: allow it, ask a person, or deny it. Pure.

The first of these that applies decides:

1. A read-only project denies all that does more than read, whatever its rules say.
2. A rule that denies the call denies it, and a line for a shell is denied where no rule speaks for it.
3. The third identical call in a row is asked about, whatever the rules allow, where the project asks at all.
4. A rule that asks asks, and a rule that allows allows.
5. Without a rule the mode decides: reads and writes are allowed, and commands are asked about in `ask` unless they are
   on the list of those that only read and the second look finds nothing.

The guards of the tools hold in any case.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from tools.base import Args, RawArgs, Tool
from tools.permissions.rules import Rule, strictest_rule, subjects_of
from tools.permissions.safe_commands import is_below_here, is_safe

Mode = Literal["ask", "auto", "read_only"]

NO_SHELL = (
    "No rule of this project allows this line in a shell. Give the program and its arguments as a list, without shell."
)
SAFE_COMMANDS = "safe command list"
SECOND_LOOK = "second look"
REPEATED = "third time in a row"


@dataclass(frozen=True)
class Allow:
    """Says that the call may run; `by` names the rule or reason that decided."""

    by: str


@dataclass(frozen=True)
class Ask:
    """Says that a person decides. `reason` is a sentence for them, `by` names the rule or reason that decided."""

    reason: str
    by: str


@dataclass(frozen=True)
class Deny:
    """Says that the call must not run. `reason` is a sentence for the model, `by` names the rule or reason that
    decided."""

    reason: str
    by: str


Decision = Allow | Ask | Deny


@dataclass(frozen=True)
class Call:
    """Holds a call, and what is known of it.

    `is_inside` says whether a path, counted from the root, ends up in the project; `real_path` is where a path that is
    given to a file tool leads. As they are, they go by the text alone; a workspace sees through links.
    `risk` is what the second look found, None where it found nothing or there was none. `is_repeated`: the two calls
    before were this one, with the same result.
    """

    tool: Tool[Any]
    args: RawArgs
    is_inside: Callable[[str], bool] = is_below_here
    real_path: Callable[[str], str] = str
    risk: str | None = None
    is_repeated: bool = False

    @cached_property
    def checked(self) -> Args | None:
        """Gives the arguments as the tool reads them; None where it would refuse them."""
        return self.tool.try_parse(self.args)

    @property
    def is_for_a_shell(self) -> bool:
        return bool(getattr(self.checked, "shell", False))

    @property
    def directory(self) -> str:
        """Gives the directory that the program is started in, counted from the root."""
        return str(getattr(self.checked, "directory", "."))

    @cached_property
    def subjects(self) -> list[list[str]]:
        """Gives what rules are compared with: by where a path leads, so that neither `./a`, nor an absolute path, nor a
        link is a way around a rule."""
        found = subjects_of(self.tool, self.args)
        return found if self.tool.starts_program else [[self.real_path(path)] for [path] in found]


def decide(mode: Mode, rules: Sequence[Rule], call: Call) -> Decision:
    """Decides about a call. Arguments that the tool would refuse are allowed: nothing runs, and the model is told."""
    by_mode = _decide_by_mode(mode, call)
    if isinstance(by_mode, Deny):
        return by_mode
    rule = strictest_rule(rules, call.tool, call.subjects)
    if rule is None and call.is_for_a_shell:
        return Deny(NO_SHELL, "no rule for this shell")
    if mode == "ask" and call.is_repeated and (rule is None or rule.verdict != "deny"):
        return Ask(f"{call.tool.name} is called with the same arguments for the third time in a row.", REPEATED)
    return by_mode if rule is None else _decide_by_rule(rule, call.tool, by_mode)


def decide_by_rules(
    rules: Sequence[Rule], tool: Tool[Any], subjects: Sequence[Sequence[str]], otherwise: Decision
) -> Decision:
    """Decides by the project's rules alone; gives `otherwise` where none of them matches."""
    rule = strictest_rule(rules, tool, subjects)
    return otherwise if rule is None else _decide_by_rule(rule, tool, otherwise)


def needs_second_look(decision: Decision) -> bool:
    """Tells whether a command is about to run for its arguments alone: the caller then looks at what they do not show,
    and decides again."""
    return decision == Allow(SAFE_COMMANDS)


def _decide_by_rule(rule: Rule, tool: Tool[Any], otherwise: Decision) -> Decision:
    by = f"rule {rule.tool}: {rule.pattern}"
    if rule.verdict == "deny":
        return Deny(f"A rule of this project denies this call of {tool.name}.", by)
    if rule.verdict == "allow":
        return Allow(by)
    reason = f"A rule of this project asks before this call of {tool.name}."
    return Ask(otherwise.reason if isinstance(otherwise, Ask) else reason, by)


def _decide_by_mode(mode: Mode, call: Call) -> Decision:
    kind = call.tool.kind_of(call.args)
    if kind == "read":
        return Allow("only reads")
    if mode == "read_only":
        reason = f"The project is read-only: {call.tool.name} is not allowed. Read and explain instead."
        return Deny(reason, "mode: read only")
    if kind == "write":
        return Allow(f"mode: {mode}")
    if call.checked is None:
        return Allow("arguments that the tool refuses")
    return _decide_on_command(mode, call, call.checked.argv)


def _decide_on_command(mode: Mode, call: Call, argv: Sequence[str]) -> Decision:
    if not argv:
        return Allow("starts no program")
    if call.is_for_a_shell:
        return Ask("This line is for a shell, which may do anything with it.", "a line for a shell")
    if mode == "auto":
        return Allow("mode: auto")
    if not _only_reads(argv, call.directory, call.is_inside):
        return Ask(f"{shlex.join(argv)} is not on the list of commands that only read.", "mode: ask")
    return Allow(SAFE_COMMANDS) if call.risk is None else Ask(call.risk, SECOND_LOOK)


def _only_reads(argv: Sequence[str], directory: str, is_inside: Callable[[str], bool]) -> bool:
    # The tool folds `..` in a directory as text, and the program that it starts does not.
    if ".." in directory.split("/") or not is_inside(directory):
        return False
    return is_safe(argv, lambda path: is_inside(_joined(directory, path)))


def _joined(directory: str, path: str) -> str:
    return path if path.startswith("/") or directory == "." else f"{directory}/{path}"
