"""Runs git in a workspace so that nothing in the repository makes it run something else: a git of the system's own
directories, hardened (`git_hardening`), without the repository's filters and without git in submodules."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from tools.commands import git_hardening
from tools.commands.environment import command_environment
from tools.commands.git_place import NO_REPOSITORY, find_repository
from tools.commands.output_capture import Capture
from tools.commands.run import Outcome, run
from tools.commands.sandbox import SYSTEM_PATH
from tools.errors import ToolError
from tools.files.workspace import Workspace

GIT_S = 15.0
CONFIG_BYTES = 32 * 1024
INDEX_BYTES = 64 * 1024 * 1024
MOST_SUBMODULES = 50
GITLINK = "160000 "
NO_GIT_IN_SUBMODULES = ("--ignore-submodules=dirty", "--submodule=short")
NOT_ITS_OWN = ("system", "global", "command")
RUN_WHEN_READING = r"^(filter\..*|diff\.external|diff\..*\.(command|textconv)|gpg\.(.*\.)?program)$"

RUN_IN_SUBMODULES = rf"{RUN_WHEN_READING}|^core\.(fsmonitor|hookspath)$"


@cache
def find_git() -> str | None:
    """Finds git; None where it is not installed. PATH is not asked: the project may be on it."""
    return shutil.which("git", path=SYSTEM_PATH)


async def git(workspace: Workspace, *arguments: str, capture: Capture | None = None) -> Outcome:
    """Runs git in the workspace's root. Raises ToolError where there is no git, no repository, or git fails."""
    path = find_git()
    if path is None:
        raise ToolError("git is not installed on this machine.")
    repository = find_repository(workspace.root)
    environment = command_environment(os.environ, git_hardening.ENVIRONMENT) | repository.variables
    with workspace.open_directory(".") as directory:
        environment |= await _without_filters(path, directory.fd, environment)
        argv = [path, *git_hardening.OPTIONS, *arguments]
        outcome = await run(argv, directory.fd, environment, timeout_s=GIT_S, capture=capture)
    if outcome.timed_out:
        raise ToolError(f"git took more than {GIT_S:g} s and was stopped.")
    if outcome.end.exit_code != 0:
        text = outcome.capture.text().strip()
        raise ToolError(NO_REPOSITORY if "not a git repository" in text else f"git failed: {text}")
    return outcome


async def programs_named(workspace: Workspace, directory: str) -> list[str]:
    """Names the settings of the repository at `directory`, not the person's own, that name programs for git to run when
    it only reads. Raises ToolError where the directory is none."""
    path = find_git()
    if path is None:
        return []
    with workspace.open_directory(directory) as opened:
        return await _own_settings(path, opened.fd, command_environment(os.environ, {}), RUN_WHEN_READING)


async def submodules_with_programs(workspace: Workspace, directory: str) -> list[str]:
    """Names the submodules, at any depth, whose own settings or hooks make a git run programs that only looks at them.

    Git starts another git in each, which heeds that submodule's settings and none of ours. Raises ToolError where there
    are too many to look at.
    """
    path = find_git()
    if path is None:
        return []
    environment = command_environment(os.environ, git_hardening.ENVIRONMENT)
    with workspace.open_directory(directory) as opened:
        top = await _read_git(path, opened.fd, environment, "rev-parse", "--show-toplevel")
    return await _find_risky_submodules(path, top.rstrip("\n"), environment) if top else []


async def _find_risky_submodules(path: str, top: str, environment: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    todo, looked_at = [top], 0
    while todo:
        folder = todo.pop()
        with _opened(folder) as fd:
            listed = await _read_git(path, fd, environment, "ls-files", "-s", "-z")
        for line in listed.split("\0"):
            about, _, name = line.partition("\t")
            place = os.path.join(folder, name)
            if not about.startswith(GITLINK) or not _is_populated(place):
                continue
            looked_at += 1
            if looked_at > MOST_SUBMODULES:
                raise ToolError(f"The repository has more than {MOST_SUBMODULES} submodules, too many to look through.")
            with _opened(place) as fd:
                names = await _own_settings(path, fd, environment, RUN_IN_SUBMODULES)
                store = (await _read_git(path, fd, environment, "rev-parse", "--git-common-dir")).rstrip("\n")
            if names or _has_hooks(os.path.join(place, store, "hooks")):
                found.append(place.removeprefix(f"{top}/"))
            todo.append(place)
    return found


@contextmanager
def _opened(folder: str) -> Iterator[int]:
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ToolError(f"A submodule can't be looked at: {error.strerror}.") from None
    try:
        yield fd
    finally:
        os.close(fd)


def _is_populated(folder: str) -> bool:
    return os.path.lexists(os.path.join(folder, ".git"))


def _has_hooks(folder: str) -> bool:
    try:
        return any(not name.endswith(".sample") for name in os.listdir(folder))
    except OSError:
        return False


async def _read_git(path: str, directory: int, environment: Mapping[str, str], *arguments: str) -> str:
    """Reads what git prints about a repository; nothing where there is none."""
    argv = [path, *git_hardening.OPTIONS, *arguments]
    outcome = await run(argv, directory, environment, timeout_s=GIT_S, capture=Capture(INDEX_BYTES))
    if outcome.timed_out or outcome.capture.truncated:
        raise ToolError("The repository is too large to be looked through.")
    return outcome.capture.text() if outcome.end.exit_code == 0 else ""


async def _own_settings(path: str, directory: int, environment: Mapping[str, str], pattern: str) -> list[str]:
    """Names the repository's own settings that match. The person's, as those of Git LFS, do not count."""
    argv = [path, "config", "--show-scope", "-z", "--name-only", "--get-regexp", pattern]
    outcome = await run(argv, directory, environment, timeout_s=GIT_S, capture=Capture(CONFIG_BYTES))
    if outcome.timed_out or outcome.capture.truncated:
        raise ToolError("The repository's configuration is too large to be looked through.")
    words = outcome.capture.text().split("\0")
    return [name for scope, name in zip(words[::2], words[1::2], strict=False) if scope not in NOT_ITS_OWN]


async def _without_filters(path: str, directory: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Makes variables that empty the repository's own `filter.*` settings, which name programs that `git status` and
    `git diff` run."""
    names = await _own_settings(path, directory, environment, r"^filter\.")
    count = int(environment["GIT_CONFIG_COUNT"])
    found = {"GIT_CONFIG_COUNT": str(count + len(names))}
    for number, name in enumerate(names, count):
        value = "false" if name.endswith(".required") else ""
        found |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return found
