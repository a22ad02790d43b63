"""Takes a second look at a command that only reads by its arguments: what else could it do here?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.base import RawArgs, Tool
from tools.builtin.run_command import python_bin
from tools.commands.environment import command_environment
from tools.commands.git import programs_named, submodules_with_programs
from tools.errors import ToolError
from tools.files.paths import display
from tools.files.workspace import Workspace
from tools.permissions.decision import Call, Decision, Mode, decide, needs_second_look
from tools.permissions.rules import Rule


async def decide_in_workspace(
    workspace: Workspace,
    mode: Mode,
    rules: Sequence[Rule],
    tool: Tool[Any],
    args: RawArgs,
    *,
    is_repeated: bool = False,
) -> Decision:
    """Decides about a call with what the workspace says of it: where its paths lead, and what its program could do."""

    def real_path(path: str) -> str:
        return display(workspace.real(path))

    call = Call(tool, args, workspace.reaches, real_path, is_repeated=is_repeated)
    decision = decide(mode, rules, call)
    if not needs_second_look(decision) or call.checked is None:
        return decision
    risk = await find_risk(workspace, call.checked.argv, call.directory)
    return decide(mode, rules, replace(call, risk=risk))


async def find_risk(workspace: Workspace, argv: Sequence[str], directory: str) -> str | None:
    """Says what the command could do beyond its arguments; None where there is nothing to warn of."""
    if (path := find_program(argv[0])) and lies_in(workspace.root, path):
        return f"{argv[0]} is a program that lies in the project: {path}."
    if argv[0] != "git":
        return None
    try:
        if found := await programs_named(workspace, directory):
            return f"The repository's own configuration makes git run programs: {', '.join(found[:5])}."
        if found := await submodules_with_programs(workspace, directory):
            return f"Submodules with settings or hooks of their own make git run programs: {', '.join(found[:5])}."
    except ToolError as error:
        return str(error)
    return None


def find_program(name: str) -> str | None:
    """Finds the program that a command of this name starts; None where there is none."""
    return shutil.which(name, path=command_environment(os.environ, {}, python_bin())["PATH"])


def lies_in(root: Path, program: str) -> bool:
    """Tells whether the agent could have written the program: it, or the link to it, is in the project."""
    link = os.path.join(os.path.realpath(os.path.dirname(program)), os.path.basename(program))
    return any(Path(place).is_relative_to(root) for place in (link, os.path.realpath(program)))
