"""Finds the project's check and runs it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.builtin.run_command import RunCommandArgs, run_command
from tools.check.compiler_output import read_problems
from tools.check.discovery import MANIFESTS, OFF, Check, find, parse_check_command
from tools.check.regressions import Problem, Report
from tools.errors import ToolError
from tools.files.threads import in_thread
from tools.files.workspace import Workspace
from tools.labels import Detail, Labels, Variant
from tools.permissions.second_look import find_program, lies_in

MANIFEST_BYTES = 256 * 1024
SOURCE_BYTES = 2 * 1024 * 1024
LINES_AROUND = 2
LINE_CHARS = 200
MAX_NAMES = 2_000


@dataclass(frozen=True)
class CheckRun:
    """Holds one run: what it found, and the result that its trace keeps."""

    report: Report
    result: ToolResult = field(default_factory=lambda: ToolResult(output=""))


async def find_check(workspace: Workspace, setting: str) -> Check | None:
    """Finds the check that `setting` says: a command line, `off` for none, empty for what is found in the project's
    root."""
    if setting.strip().lower() == OFF:
        return None
    if setting.strip():
        return parse_check_command(setting.strip())
    try:
        return await in_thread(_find, workspace)
    except ToolError:
        return None


def has_check(workspace: Workspace, setting: str) -> bool:
    """Tells whether there is a check to run, as `find_check` would say. Blocking."""
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
    return find(files, lambda name: _exists(workspace, name), lambda name: _is_system_program(workspace, name))


def _exists(workspace: Workspace, name: str) -> bool:
    # By the name alone: what a virtual environment holds are links to programs outside.
    return os.path.lexists(workspace.root / name)


def _is_system_program(workspace: Workspace, name: str) -> bool:
    path = find_program(name)
    return path is not None and not lies_in(workspace.root, path)


async def run_check(check: Check, context: ToolContext, timeout_s: float) -> CheckRun:
    """Runs all of the check's commands, `timeout_s` for them together."""
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
            return CheckRun(
                Report("timeout", reason=f"The check took more than {timeout_s:g} s."), _join_results(outputs)
            )
        if result.exit_code is None:
            return CheckRun(
                Report("not_run", reason=result.error or "The check could not be run."), _join_results(outputs)
            )
        if result.exit_code != 0:
            text = result.full_output or result.output.encode(errors="replace")
            problems += read_problems(text.decode(errors="replace"), str(context.workspace.root))
    return CheckRun(Report("ended", tuple(problems)), _join_results(outputs))


def _join_results(results: Sequence[ToolResult]) -> ToolResult:
    """Makes one result of several commands: the first that failed says how it ended."""
    failed = next((result for result in results if result.status != "ok"), results[-1])
    return replace(
        failed,
        output="\n".join(result.output.rstrip("\n") for result in results),
        truncated=any(result.truncated for result in results),
        full_output=b"\n".join(result.full_output or result.output.encode(errors="replace") for result in results),
    )


async def read_lines_around(workspace: Workspace, problems: Sequence[Problem]) -> dict[Problem, str]:
    """Reads the lines about each problem in its file, numbered; nothing where they can't be read."""
    return await in_thread(lambda: {problem: _read_lines(workspace, problem) for problem in problems})


def _read_lines(workspace: Workspace, problem: Problem) -> str:
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
    """Holds what the trace of a check shows."""

    command: list[str] = Field(min_length=1)
    attempt: int = 0
    label: str = ""

    @property
    def argv(self) -> list[str]:
        return self.command


async def _refuse(_args: CheckArgs, _context: ToolContext) -> ToolResult:
    raise ToolError("The check runs by itself, after changes.")


CHECK = Tool(
    name="check",
    description="The project's check.",
    kind="command",
    Args=CheckArgs,
    run=_refuse,
    starts_program=True,
    model_may_call=False,
    labels=Labels(
        icon="check",
        doing="Checking with",
        done="Checked with",
        failed="Checked with",
        asking="check with",
        target=("command",),
        target_default="the project\u2019s check",
        details=(Detail("attempt", "before the first change", equals=0),),
        view="check",
        rule_from="command",
        variants=(Variant("label", labels=Labels(target=("label",))),),
    ),
)
