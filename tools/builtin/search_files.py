"""search_files: lines that match a regular expression, by ripgrep where it is installed."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, replace
from functools import cache

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.commands.environment import command_environment
from tools.commands.output_capture import Capture
from tools.commands.run import Outcome, run
from tools.commands.sandbox import unwrap
from tools.errors import ToolError
from tools.files import search
from tools.files.globs import to_patterns
from tools.files.paths import display
from tools.files.threads import in_thread
from tools.files.workspace import Parts, Workspace
from tools.labels import Detail, Labels
from tools.permissions.second_look import lies_in

SEARCH_S = 10.0
FOUND_BYTES = 512 * 1024
SHOWN_BYTES = 24 * 1024
PER_FILE = 200
KILLED = -9

CUT_FILES = 20
# A match in a long line, with what is around it.
_AROUND = ".{{0,100}}(?:{})(?:.{{0,200}})"
_CUT_BY_RG = re.compile(r" \[\.\.\. (omitted end of long line|\d+ more match(es)?)\]$")
_UNREAD = re.compile(rf"(?P<path>[^\0\n]+)\0\{search.UNREAD}(?P<bytes>\d+)$", re.MULTILINE)
_LINE = re.compile(r"(?P<path>[^\0\n]+)\0(?P<number>\d+)(?P<mark>[:-])(?P<text>.*)")


class SearchFilesArgs(Args):
    pattern: str = Field(min_length=1, description="regular expression")
    path: str = "."
    glob: str = Field("", description="*.py")
    ignore_case: bool = False
    context: int = Field(0, ge=0, le=20, description="lines around")
    limit: int = Field(100, ge=1, le=1_000)


@dataclass(frozen=True)
class Line:
    """One line of a file: a match, or context of one."""

    path: str
    number: int
    match: bool
    text: str

    @property
    def is_cut(self) -> bool:
        """Tells whether ripgrep showed only the beginning of a match's line."""
        return self.match and _CUT_BY_RG.search(self.text) is not None


@cache
def find_ripgrep() -> str | None:
    """The path of ripgrep, None where it is not installed."""
    return shutil.which("rg")


async def search_files(args: SearchFilesArgs, context: ToolContext) -> ToolResult:
    workspace = context.workspace
    parts, is_file = await in_thread(_locate, workspace, args.path)
    program = None if is_file else find_ripgrep()
    if program and lies_in(workspace.root, program):
        program = None
    argv = (
        _rg_argv(program, workspace, parts, args) if program else _python_argv(workspace, parts, args, is_file=is_file)
    )
    environment = command_environment(os.environ, {})
    # ripgrep walks by names, and a command in the background may put links in its way: it sees no more than that does.
    sandbox = context.sandbox if program and context.sandbox and not context.sandbox.missing else None
    prefix = parts[:-1] if is_file else parts
    with workspace.open_directory(() if is_file else parts) as directory:

        async def run_search(argv: list[str]) -> Outcome:
            if sandbox:
                place = str(workspace.root.joinpath(*directory.parts))
                argv = sandbox.wrap(argv, str(workspace.root), place, environment)
            outcome = await run(
                argv,
                directory.fd,
                environment,
                timeout_s=SEARCH_S,
                capture=Capture(full_limit=FOUND_BYTES),
                enough_bytes=FOUND_BYTES,
                sandboxed=sandbox is not None,
            )
            return unwrap(outcome) if sandbox else outcome

        outcome = await run_search(argv)
        lines = _read_lines(outcome, prefix)
        if program and (cut := [line for line in lines if line.is_cut]):
            paths = list(dict.fromkeys("/".join(line.path.split("/")[len(prefix) :]) for line in cut))[:CUT_FILES]
            seen = await run_search(_rg_argv_for_long_lines(program, paths, args))
            lines = _show_matches(lines, _read_lines(seen, prefix))
    return _result(args, outcome, lines, prefix, by_ripgrep=program is not None)


def _rg_argv_for_long_lines(program: str, paths: list[str], args: SearchFilesArgs) -> list[str]:
    """Makes the search that shows a line of a minified file around its match, and not from its beginning."""
    return [
        program,
        *_rg_options(args),
        "--only-matching",
        "-e",
        _AROUND.format(args.pattern),
        "--",
        *(f"./{path}" for path in paths),
    ]


def _show_matches(lines: list[Line], matches: list[Line]) -> list[Line]:
    first = {(match.path, match.number): match.text for match in reversed(matches)}
    return [
        replace(line, text=("" if line.text.startswith(text[:100]) else "…") + text + "…")
        if line.is_cut and (text := first.get((line.path, line.number)))
        else line
        for line in lines
    ]


def _locate(workspace: Workspace, path: str) -> tuple[Parts, bool]:
    """Where the path really is, links resolved, and whether it is a file. Raises ToolError."""
    try:
        with workspace.open_directory(path) as directory:
            return directory.parts, False
    except ToolError:
        with workspace.open_file(path) as file:
            return file.parts, True


def _rg_options(args: SearchFilesArgs) -> list[str]:
    options = ["--no-config", "--null", "--line-number", "--no-heading", "--with-filename", "--color=never"]
    options += ["--no-messages", f"--max-count={PER_FILE}"]
    return [*options, "--ignore-case"] if args.ignore_case else options


def _rg_argv(program: str, workspace: Workspace, parts: Parts, args: SearchFilesArgs) -> list[str]:
    options = [*_rg_options(args), "--hidden", "--no-require-git", f"--context={args.context}"]
    options += ["--max-columns=400", "--max-columns-preview"]
    options += [f"--glob={pattern}" for pattern in to_patterns(args.glob)]
    # The last glob wins: no glob of the caller's brings these back.
    options += [f"--iglob=!{glob}" for glob in (".git", *_protected_globs(workspace, parts))]
    return [program, *options, "-e", args.pattern, "--", "."]


def _protected_globs(workspace: Workspace, parts: Parts) -> list[str]:
    below = [place[len(parts) :] for place in workspace.protected_parts if place[: len(parts)] == parts]
    return ["/" + re.sub(r"([*?\[\]{}!\\])", r"\\\1", "/".join(place)) for place in below if place]


def _python_argv(workspace: Workspace, parts: Parts, args: SearchFilesArgs, *, is_file: bool) -> list[str]:
    protected = tuple(str(workspace.root.joinpath(*place)) for place in workspace.protected_parts)
    return search.argv(
        search.Request(
            root=str(workspace.root),
            protected=protected,
            parts=parts,
            is_file=is_file,
            pattern=args.pattern,
            globs=tuple(to_patterns(args.glob)),
            ignore_case=args.ignore_case,
            context=args.context,
            per_file=PER_FILE,
        )
    )


def _read_lines(outcome: Outcome, prefix: Parts) -> list[Line]:
    text = outcome.capture.full().decode(errors="replace")
    lines = [_parse_line(match, prefix) for match in _LINE.finditer(text)]
    return sorted(lines, key=lambda line: (line.path, line.number))


def _result(
    args: SearchFilesArgs, outcome: Outcome, lines: list[Line], prefix: Parts, *, by_ripgrep: bool
) -> ToolResult:
    text = outcome.capture.full().decode(errors="replace")
    unread = [match["path"] for match in _UNREAD.finditer(text)]
    note = f"\n[only the first 10 MB were searched of {', '.join(unread[:5])}]" if unread else ""
    if outcome.timed_out and not lines:
        raise ToolError(
            f"The search took more than {SEARCH_S:g} s and was stopped: give a simpler pattern (nested repeats such as "
            "(a+)+ are slow), a glob, or a smaller directory."
        )
    # ripgrep says 1 for "nothing found" (in Python that is a crash), and a silent 2 where it may not read a file.
    if not lines and not unread and text.strip() and outcome.end.exit_code not in ((0, 1) if by_ripgrep else (0,)):
        if "look-around" in text or "backreferences" in text:
            raise ToolError("The search failed: look-around (?=…) and backreferences \\1 are not supported here.")
        raise ToolError(f"The search failed: {text.strip()[:1_000]}")
    if not lines:
        where = display(prefix) + (f" in {args.glob}" if args.glob else "")
        return ToolResult(output=f"[no match in {where}; ignored and binary files are not searched]{note}")
    stopped = outcome.timed_out or outcome.end.exit_code == KILLED
    shown = _shown(lines, args.limit, stopped=stopped)
    return replace(shown, output=shown.output + note)


def _parse_line(match: re.Match[str], prefix: Parts) -> Line:
    path = "/".join((*prefix, match["path"].removeprefix("./")))
    return Line(path, int(match["number"]), match["mark"] == ":", match["text"].rstrip("\r"))


def _shown(lines: list[Line], limit: int, *, stopped: bool) -> ToolResult:
    """Matches under the name of their file, as many as the limit and the bytes allow."""
    matches = sum(line.match for line in lines)
    out: list[str] = []
    path, shown, room = "", 0, SHOWN_BYTES
    for line in lines:
        if room <= 0 or (line.match and shown == limit):
            break
        if line.path != path:
            path = line.path
            out.append(path)
        out.append(f"  {line.number}{':' if line.match else '-'} {line.text}")
        room -= len(out[-1].encode()) + 1
        shown += line.match
    left_out = stopped or shown < matches
    if left_out:
        total = f"at least {matches:,}" if stopped else f"{matches:,}"
        out.append(f"[{shown:,} of {total} matches: narrow the pattern, the path or the glob, or raise the limit]")
    return ToolResult(output="\n".join(out), truncated=left_out)


SEARCH_FILES = Tool(
    name="search_files",
    description="Find the lines that match. Files that .gitignore leaves out are not searched.",
    kind="read",
    Args=SearchFilesArgs,
    run=search_files,
    labels=Labels(
        icon="search",
        doing="Searching for",
        done="Searched for",
        failed="Could not search for",
        asking="search for",
        target=("pattern",),
        target_chars=80,
        details=(Detail("path", "in {}", hidden=(".",)), Detail("glob", "({})")),
        detail_joiner=" ",
    ),
)
