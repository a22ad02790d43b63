"""run_command: a program with its arguments, no shell between."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pydantic import Field, field_validator, model_validator

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.commands.background import BACKGROUND
from tools.commands.environment import ONLY_READS, command_environment
from tools.commands.output_capture import Capture
from tools.commands.redraws import Redraws
from tools.commands.repositories import Identity, find_and_cover, find_new, remove_redirects
from tools.commands.run import Outcome, run
from tools.commands.sandbox import explain_failure, unwrap
from tools.errors import ToolError
from tools.files.threads import in_thread
from tools.labels import Detail, Labels
from tools.permissions.safe_commands import only_reads_a_repository

BACKGROUND_LOOK_S = 0.5


class RunCommandArgs(Args):
    command: list[str] = Field(min_length=1, description='["pytest", "-q"]')
    directory: str = "."
    timeout_s: float | None = Field(None, gt=0)
    shell: bool = Field(False, description="one line for sh, if a rule allows")
    background: bool = False

    @property
    def argv(self) -> list[str]:
        return ["sh", "-c", self.command[0]] if self.shell else self.command

    @model_validator(mode="before")
    @classmethod
    def _a_line_for_the_shell(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("shell") is True and isinstance(value.get("command"), str):
            return {**value, "command": [value["command"]]}
        return value

    @model_validator(mode="after")
    def _one_line(self) -> RunCommandArgs:
        if self.shell and len(self.command) != 1:
            raise ValueError('with shell: true the command is one line, as ["make | tail"]')
        return self

    @field_validator("command", mode="before")
    @classmethod
    def _a_list(cls, value: Any) -> Any:
        """A list written as JSON text is a list; a line for a shell is not guessed at."""
        if not isinstance(value, str):
            return value
        if value.startswith("["):
            with suppress(RecursionError):  # it is no ValueError, which pydantic would tell of
                return json.loads(value)
        raise ValueError('give a list of arguments, as ["ls", "-l"]; no shell reads it, so no pipes, && or $VARIABLES')

    @field_validator("command")
    @classmethod
    def _no_nul(cls, value: list[str]) -> list[str]:
        if not value[0] or any("\0" in part for part in value):
            raise ValueError("the program's name is empty, or an argument has a NUL character in it")
        return value


async def run_command(args: RunCommandArgs, context: ToolContext) -> ToolResult:
    timeout_s = min(args.timeout_s or context.timeout_s, context.timeout_limit_s)
    environment = command_environment(os.environ, context.environment, python_bin())
    if only_reads_a_repository(args.argv):
        environment |= ONLY_READS
    sandbox = context.sandbox
    argv, program = args.argv, args.argv[0]
    if "/" not in program and shutil.which(program, path=environment["PATH"]) is None:
        raise ToolError(_not_started(program, errno.ENOENT))
    hidden = sandbox.hidden if sandbox else ()
    repositories, covers = frozenset[Identity](), tuple[str, ...]()
    if sandbox:
        repositories, covers = await in_thread(find_and_cover, str(context.workspace.root), hidden)
    # Opening a directory is quick, and the descriptor has to stay open until the command has started.
    with context.workspace.open_directory(args.directory) as directory:
        root, place = str(context.workspace.root), str(context.workspace.root.joinpath(*directory.parts))
        environment["PWD"] = place
        if sandbox:
            environment["TMPDIR"] = "/tmp"  # noqa: S108 - the sandbox's own
            argv = sandbox.wrap(argv, root, place, environment, covers)
        try:
            if args.background:
                return await _in_background(args, argv, directory.fd, environment, context)
            outcome = await run(
                argv,
                directory.fd,
                environment,
                timeout_s=timeout_s,
                emit=context.emit_output,
                capture=Capture(redraws=Redraws()),
                sandboxed=sandbox is not None,
            )
        except OSError as error:
            raise ToolError(f"No process could be started: {error.strerror or error}.") from error
        finally:
            remove_redirects(repositories)
    if sandbox is None:
        return _result(program, outcome, timeout_s, context.timeout_limit_s)
    outcome = unwrap(outcome)
    if outcome.end.failure == errno.ENOENT and "/" not in program:
        # It was found above, outside.
        raise ToolError(f"The sandbox that commands run in hides {program!r}, or what its first line names.")
    hint = explain_failure(outcome.capture.text())
    result = _result(program, outcome, timeout_s, context.timeout_limit_s, hint)
    new = await in_thread(find_new, root, repositories, hidden)
    return replace(result, output=f"{result.output.rstrip()}\n{_tell_of(new)}") if new else result


def _tell_of(new_repositories: Sequence[str]) -> str:
    shown = ", ".join(f"{folder}/.git" for folder in new_repositories[:5])
    more = f" and {len(new_repositories) - 5} more" if len(new_repositories) > 5 else ""
    return (
        f"[Made here: {shown}{more}. The settings and hooks of a repository name programs that git runs: read them "
        "before git is used there outside of the sandbox.]"
    )


async def _in_background(
    args: RunCommandArgs, argv: Sequence[str], directory: int, environment: Mapping[str, str], context: ToolContext
) -> ToolResult:
    sandboxed = context.sandbox is not None
    command = BACKGROUND.start(context.owner, args.argv, argv, directory, environment, sandboxed=sandboxed)
    # What fails at once is told at once.
    await BACKGROUND.wait(command, BACKGROUND_LOOK_S)
    text = f"{command}\n{command.output.unread()}"
    if command.end is not None and command.end.exit_code != 0:
        return ToolResult(output=text, error="It ended at once.", status="error", exit_code=command.end.exit_code)
    return ToolResult(output=text)


def python_bin() -> str:
    return os.path.dirname(sys.executable) if sys.prefix != sys.base_prefix else ""


def _result(program: str, outcome: Outcome, timeout_s: float, limit_s: float, hint: str = "") -> ToolResult:
    error = _error(program, outcome, timeout_s, limit_s)
    error = error and error + hint
    capture = outcome.capture
    return ToolResult(
        output=_shown(capture.text(), error),
        error=error,
        status="timeout" if outcome.timed_out else "error" if error else "ok",
        exit_code=outcome.end.exit_code,
        truncated=capture.truncated,
        full_output=capture.full() if error or not capture.is_whole else b"",
    )


def _shown(text: str, error: str | None) -> str:
    if error is None:
        return text or "[no output]"
    return text + ("\n" if text and not text.endswith("\n") else "") + f"[{error}]"


def _error(program: str, outcome: Outcome, timeout_s: float, limit_s: float) -> str | None:
    end = outcome.end
    if outcome.timed_out:
        longer = f"timeout_s, up to {limit_s:g}" if timeout_s < limit_s else "background: true"
        return f"Stopped after {timeout_s:g} s, with everything that it had started. A longer run needs {longer}."
    if end.failure is not None:
        return _not_started(program, end.failure)
    if end.reason == "processes":
        return "Stopped: it started too many processes."
    if end.reason == "memory":
        return "Stopped: it took too much memory."
    if end.reason == "silence":
        return "Stopped: BooCode itself stood still for too long, and another server may have taken over."
    if end.exit_code is None:
        return "The process that watched the command was killed; the outcome is unknown."
    if end.exit_code < 0:
        return f"Ended by signal {-end.exit_code} ({signal.strsignal(-end.exit_code) or 'unknown'})."
    return f"Exit status {end.exit_code}." if end.exit_code else None


def _not_started(program: str, number: int) -> str:
    # A directory on PATH that may not be entered gives EACCES for a name that is nowhere.
    if number in (errno.ENOENT, errno.ENOTDIR) or (number == errno.EACCES and "/" not in program):
        return f"There is no program {program!r} here (nothing of that name on PATH). No shell is involved."
    if number == errno.EACCES:
        return f"{program!r} is not executable."
    if number == errno.ENOEXEC:
        return f"{program!r} is no program: a script needs a first line as #!/bin/sh, or its interpreter before it."
    if number == errno.E2BIG:
        return "The arguments are too long."
    return f"{program!r} could not be started: {os.strerror(number)}."


RUN_COMMAND = Tool(
    name="run_command",
    description="Run a program (no shell). Output beyond 32 KB keeps head and tail. It and all it started end with "
    "the call, in the background with `background`.",
    kind="command",
    Args=RunCommandArgs,
    run=run_command,
    starts_program=True,
    labels=Labels(
        icon="terminal",
        doing="Running",
        done="Ran",
        failed="Ran",
        asking="run",
        target=("command",),
        details=(Detail("directory", "in {}", hidden=(".",)), Detail("background", "in the background")),
        view="command",
        rule_from="command",
        rule_name="command",
    ),
)
