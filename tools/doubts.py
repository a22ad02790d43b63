"""Why a command that only reads by its arguments could do more, here: what a list of commands can't see."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tools.builtin.run_command import own_bin
from tools.environment import command_environment
from tools.errors import ToolError
from tools.git import programs_named
from tools.workspace import Workspace


async def doubt(workspace: Workspace, argv: Sequence[str], directory: str) -> str:
    """A sentence for the person who is asked then; empty where there is none."""
    if (path := on_path(argv[0])) and lies_in(workspace.root, path):
        return f"{argv[0]} is a program that lies in the project: {path}."
    if argv[0] != "git":
        return ""
    try:
        found = await programs_named(workspace, directory)
    except ToolError as error:
        return str(error)
    return f"The repository's own configuration makes git run programs: {', '.join(found[:5])}." if found else ""


def on_path(name: str) -> str | None:
    """The program that a command of this name starts, None where there is none."""
    return shutil.which(name, path=command_environment(os.environ, {}, own_bin())["PATH"])


def lies_in(root: Path, program: str) -> bool:
    """Whether the agent could have written the program: it, or the link to it, is in the project."""
    link = os.path.join(os.path.realpath(os.path.dirname(program)), os.path.basename(program))
    return any(Path(place).is_relative_to(root) for place in (link, os.path.realpath(program)))
