"""What a call may do before anyone is asked: allow, ask or deny. Pure; the guards of the tools hold in any case."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from tools.base import Tool
from tools.errors import ToolError
from tools.safe_commands import is_below_here, is_safe

Approval = Literal["ask", "auto", "read_only"]
Verdict = Literal["allow", "ask", "deny"]


@dataclass(frozen=True)
class Decision:
    """`reason` is a sentence for the person who is asked, or for the model that is denied; empty for allow.
    `unless_ruled`: a rule of the project may allow it all the same."""

    verdict: Verdict
    reason: str = ""
    unless_ruled: bool = False


ALLOW = Decision("allow")
NO_SHELL = (
    "No rule of this project allows this line in a shell. Give the program and its arguments as a list, without shell."
)


def decide(
    approval: Approval,
    tool: Tool[Any],
    args: Mapping[str, Any] | str,
    inside: Callable[[str], bool] = is_below_here,
) -> Decision:
    """What to do with a call. `inside` tells whether a path is in the project: `Workspace.reaches` sees through links.

    Arguments that the tool will refuse are allowed: nothing runs, and the model is told what is wrong with them.
    """
    if tool.kind == "read":
        return ALLOW
    if approval == "read_only":
        return Decision("deny", f"The project is read-only: {tool.name} is not allowed. Read and explain instead.")
    if tool.kind == "write":
        return ALLOW
    try:
        checked = tool.parsed(args)
    except (ValidationError, ToolError):
        return ALLOW
    if getattr(checked, "shell", False):
        return Decision("deny", NO_SHELL, unless_ruled=True)
    if approval == "auto":
        return ALLOW
    command = [str(part) for part in getattr(checked, "command", [])]
    if _only_reads(command, str(getattr(checked, "directory", ".")), inside):
        return ALLOW
    return Decision("ask", f"{shlex.join(command)} is not on the list of commands that only read.")


def _only_reads(command: list[str], directory: str, inside: Callable[[str], bool]) -> bool:
    # The tool folds `..` in a directory as text, and the program that it starts does not.
    if ".." in directory.split("/") or not inside(directory):
        return False
    return is_safe(command, lambda path: inside(_joined(directory, path)))


def _joined(directory: str, path: str) -> str:
    return path if path.startswith("/") or directory == "." else f"{directory}/{path}"
