"""Git, run so that nothing in the repository can make it run something else: a git of the system's own directories,
no hooks, no fsmonitor, no filters, no external diff, no text conversion, no git in submodules, no fetching of what a
partial clone lacks, no pager, no prompts, no locks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from functools import cache

from tools.capping import Capture
from tools.environment import command_environment
from tools.errors import ToolError
from tools.run_command import Outcome, run
from tools.sandbox import SYSTEM_PATH
from tools.workspace import Workspace

GIT_S = 15.0
CONFIG_BYTES = 32 * 1024
SAFE_OPTIONS = (
    "--no-pager",
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.quotePath=false"),
)
SAFE_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=dirty", "--submodule=short")
# No transport has this name, and a repository's own config can't allow one then.
SAFE_ENVIRONMENT = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
NOT_ITS_OWN = ("system", "global", "command")
RUN_WHEN_READING = r"^(filter\..*|diff\.external|diff\..*\.(command|textconv)|gpg\.(.*\.)?program)$"


@cache
def program() -> str | None:
    """The path of git, None where it is not installed. PATH is not asked: the project may be on it."""
    return shutil.which("git", path=SYSTEM_PATH)


async def git(workspace: Workspace, *arguments: str, capture: Capture | None = None) -> Outcome:
    """Run git in the workspace's root. Raises ToolError where there is no git, no repository, or git fails."""
    path = program()
    if path is None:
        raise ToolError("git is not installed on this machine.")
    environment = command_environment(os.environ, SAFE_ENVIRONMENT)
    with workspace.open_directory(".") as directory:
        environment |= await _without_filters(path, directory.fd, environment)
        argv = [path, *SAFE_OPTIONS, *arguments]
        outcome = await run(argv, directory.fd, environment, timeout_s=GIT_S, capture=capture)
    if outcome.timed_out:
        raise ToolError(f"git took more than {GIT_S:g} s and was stopped.")
    if outcome.end.exit_code != 0:
        text = outcome.capture.text().strip()
        missing = "not a git repository" in text
        raise ToolError("This project is not a git repository." if missing else f"git failed: {text}")
    return outcome


async def programs_named(workspace: Workspace, directory: str) -> list[str]:
    """The settings of the repository at `directory`, not the person's own, that name programs for git to run when it
    only reads. Raises ToolError where the directory is none."""
    path = program()
    if path is None:
        return []
    with workspace.open_directory(directory) as opened:
        return await _own_settings(path, opened.fd, command_environment(os.environ, {}), RUN_WHEN_READING)


async def _own_settings(path: str, directory: int, environment: Mapping[str, str], pattern: str) -> list[str]:
    """The names of the repository's own settings that match. The person's, as those of Git LFS, do not count."""
    argv = [path, "config", "--show-scope", "-z", "--name-only", "--get-regexp", pattern]
    outcome = await run(argv, directory, environment, timeout_s=GIT_S, capture=Capture(CONFIG_BYTES))
    if outcome.timed_out or outcome.capture.truncated:
        raise ToolError("The repository's configuration is too large to be looked through.")
    words = outcome.capture.text().split("\0")
    return [name for scope, name in zip(words[::2], words[1::2], strict=False) if scope not in NOT_ITS_OWN]


async def _without_filters(path: str, directory: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Variables that empty the repository's own `filter.*` settings, which name programs that `git status` and `git
    diff` run."""
    names = await _own_settings(path, directory, environment, r"^filter\.")
    count = int(environment["GIT_CONFIG_COUNT"])
    found = {"GIT_CONFIG_COUNT": str(count + len(names))}
    for number, name in enumerate(names, count):
        value = "false" if name.endswith(".required") else ""
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return found
