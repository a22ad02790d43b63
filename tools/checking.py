"""The project's check, found and run."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pydantic import Field

from tools.autofix import Problem, Report
from tools.base import Args, Tool, ToolContext, ToolResult
from tools.blocking import in_thread
from tools.builtin.run_command import RunCommandArgs, run_command
from tools.compiler_output import problems_of
from tools.doubts import lies_in, on_path
from tools.errors import ToolError
from tools.project_check import MANIFESTS, OFF, Check, by_hand, find
from tools.workspace import Workspace

MANIFEST_BYTES = 256 * 1024
SOURCE_BYTES = 2 * 1024 * 1024
LINES_AROUND = 2
LINE_CHARS = 200
MAX_NAMES = 2_000


@dataclass(frozen=True)
class Checked:
    """One run: what it found, and the result that its trace keeps."""

    report: Report
    result: ToolResult = field(default_factory=lambda: ToolResult(output=""))


async def find_check(workspace: Workspace, setting: str) -> Check | None:
    """The check that `setting` says: a command line, `off` for none, empty for what is found in the project's root."""
    if setting.strip().lower() == OFF:
        return None
    if setting.strip():
        return by_hand(setting.strip())
    try:
        return await in_thread(_find, workspace)
    except ToolError:
        return None


def has_check(workspace: Workspace, setting: str) -> bool:
    """Whether there is a check to run, as `find_check` would say. Blocking."""
    if setting.strip():
        return setting.strip().lower() != OFF
    try:
        return _find(workspace) is not None
    except ToolError:
        return False


def _find(workspace: Workspace) -> Check | None:
    with workspace.open_directory(".") as directory:
        names = os.listdir(directory.fd)[:MAX_NAMES]
    files = dict.fromkeys(names, "")
    for name in set(MANIFESTS) & set(names):
        with suppress(ToolError):
            files[name] = workspace.read(name, MANIFEST_BYTES).decode(errors="replace")
    return find(files, lambda name: _exists(workspace, name), lambda name: _is_machines(workspace, name))


def _exists(workspace: Workspace, name: str) -> bool:
    # By the name alone: what a virtual environment holds are links to programs outside.
    return os.path.lexists(workspace.root / name)


def _is_machines(workspace: Workspace, name: str) -> bool:
    path = on_path(name)
    return path is not None and not lies_in(workspace.root, path)


async def run_check(check: Check, context: ToolContext, timeout_s: float) -> Checked:
    """Run all of the check's commands, `timeout_s` for them together."""
    deadline = time.monotonic() + timeout_s
    outputs: list[ToolResult] = []
    problems: list[Problem] = []
    for command in check.commands:
        left_s = max(1.0, deadline - time.monotonic())
        limits = replace(context, timeout_s=left_s, timeout_limit_s=left_s)
        try:
            result = await run_command(RunCommandArgs(command=list(command), timeout_s=left_s), limits)
        except ToolError as error:
            result = ToolResult(output=str(error), error=str(error), status="error")
        outputs.append(result)
        if result.status == "timeout":
            return Checked(Report("timeout", reason=f"The check took more than {timeout_s:g} s."), _joined(outputs))
        if result.exit_code is None:
            return Checked(Report("not_run", reason=result.error or "The check could not be run."), _joined(outputs))
        if result.exit_code != 0:
            text = result.full_output or result.output.encode(errors="replace")
            problems += problems_of(text.decode(errors="replace"), str(context.workspace.root))
    return Checked(Report("ended", tuple(problems)), _joined(outputs))


def _joined(results: Sequence[ToolResult]) -> ToolResult:
    """One result of several commands: the first that failed says how it ended."""
    failed = next((result for result in results if result.status != "ok"), results[-1])
    return replace(
        failed,
        output="\n".join(result.output.rstrip("\n") for result in results),
        truncated=any(result.truncated for result in results),
        full_output=b"\n".join(result.full_output or result.output.encode(errors="replace") for result in results),
    )


async def lines_around(workspace: Workspace, problems: Sequence[Problem]) -> dict[Problem, str]:
    """What stands about each problem in its file, numbered; nothing where that can't be read."""
    return await in_thread(lambda: {problem: _around(workspace, problem) for problem in problems})


def _around(workspace: Workspace, problem: Problem) -> str:
    if not problem.file or not problem.lines:
        return ""
    try:
        text = workspace.read(problem.file, SOURCE_BYTES).decode(errors="replace")
    except ToolError:
        return ""
    lines, at = text.split("\n"), problem.lines[0]
    first, last = max(1, at - LINES_AROUND), min(len(lines), at + LINES_AROUND)
    return "\n".join(
        f"{'>' if number == at else ' '} {number}\t{lines[number - 1].rstrip()[:LINE_CHARS]}"
        for number in range(first, last + 1)
    )


class CheckArgs(Args):
    """What a trace of the check holds; a model can't call it."""

    command: list[str] = Field(min_length=1)
    attempt: int = 0
    label: str = ""

    def subjects(self) -> list[list[str]]:
        return [self.command]


async def _not_called(_args: CheckArgs, _context: ToolContext) -> ToolResult:
    raise ToolError("The check runs by itself, after changes.")


# Not in the registry: it has a name for traces and for rules, and nothing that is sent to a model.
CHECK = Tool(name="check", description="The project's check.", kind="command", Args=CheckArgs, run=_not_called)
