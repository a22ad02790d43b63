"""Errors in what compilers, linters and test runners print. Pure.

No tool is asked for a format of its own: what a project's `build` script runs is unknown. So each line is tried against
the shapes that most of them share.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator

from tools.autofix import Problem

MAX_PROBLEMS = 1_000
MESSAGE_CHARS = 500
TAIL_LINES = 20
TITLE_LINES_BACK = 4
LINE_CHARS = 2_000

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_FILE = r"(?P<file>(?:[A-Za-z]:)?[^\s:()\[\]'\"*]+(?:\.\w+|[Mm]akefile))"
_FILE_WITH_SPACES = r"(?P<file>[^\s:()\[\]'\"*][^:()'\"*]*\.\w+)"
_SEVERITY = r"(?P<severity>(?i:(?:fatal |internal |type )?error|warning|note|info|hint|remark|help))"

# Everything about one error in one line.
_WHOLE = [
    # tsc, MSBuild: src/a.ts(3,5): error TS2322: …
    re.compile(
        rf"^\s*(?P<file>[^\s(:][^(:]*)\((?P<line>\d+)(?:,\d+)*\): {_SEVERITY} (?P<code>[A-Za-z]+\d+): (?P<message>.+)$"
    ),
    # Maven: [ERROR] /w/A.java:[12,5] …
    re.compile(r"^\[(?P<severity>ERROR|WARNING)\] (?P<file>[^:]+\.\w+):\[(?P<line>\d+),\d+\] (?P<message>.+)$"),
    # Kotlin: e: file:///w/A.kt:12:5 …
    re.compile(r"^e: (?:file://)?(?P<file>.+?\.kts?):(?P<line>\d+):\d+:? (?P<message>.+)$"),
    # Rollup: src/a.ts (3:5): …
    re.compile(rf"^{_FILE} \((?P<line>\d+):\d+\):? (?P<message>.+)$"),
    # gcc, clang, go, javac, mypy, rustc and ruff in short, tsc in colour
    re.compile(rf"^(?:vet: )?{_FILE_WITH_SPACES}:(?P<line>\d+)(?::\d+)?(?::| -) (?P<message>\S.*)$"),
    re.compile(r"^(?P<file>[Mm]akefile|GNUmakefile):(?P<line>\d+): \*\*\* (?P<message>.+)$"),
    # pytest's summary, Vitest, Jest
    re.compile(r"^(?:FAILED|ERROR) (?P<file>[^\s:]+\.py)(?:::(?P<code>\S+))?(?: - (?P<message>.+))?$"),
    re.compile(r"^\s*(?:FAIL|\u276f|\u00d7)\s+(?P<file>\S+\.[cm]?[jt]sx?) > (?P<message>.+?)(?: \d+ ?ms)?$"),
    re.compile(r"^\s*--- FAIL: (?P<code>\S+) \("),
    re.compile(r"^test (?P<code>\S+) \.\.\. (?P<message>FAILED)$"),
    re.compile(r"^\s*not ok \d+ -? ?(?P<message>.+?)(?: # time=.*)?$"),
]
_MESSAGE = re.compile(
    rf"^(?:{_SEVERITY}:? )?"
    r"(?:\[(?P<code>[\w-]+)\]: |(?P<code2>[A-Z]+\d+)(?: \[\*\])?:? |error\[(?P<code3>\w+)\]: )?(?P<text>.+)$"
)
_CODE_AT_END = re.compile(r"^(?P<text>.+?)\s+\[(?P<code>[\w-]+)\]$")

# The place alone: the message stands before it (rustc, ruff, esbuild), or in the next line (Next.js, webpack).
_PLACE = re.compile(rf"^ {{0,20}}(?:(?P<arrow>-->|┌─|╭─|ERROR in) {{0,3}})?\[?{_FILE}:(?P<line>\d+):\d+[\]:]?$")
_TITLE = re.compile(
    r"^(?:(?P<severity>error|warning)(?:\[(?P<code>\w+)\])?: |\s*[✘X] \[(?P<severity2>ERROR|WARNING)\] "
    r"|(?P<code2>[A-Z]+\d+)(?: \[\*\])? |(?P<code3>invalid-syntax): )(?P<message>.+)$"
)

_ESLINT = re.compile(
    r"^\s+(?P<line>\d+):\d+\s+(?P<severity>error|warning)\s+(?P<message>.+?)(?:\s{2,}(?P<code>[\w@/-]+))?$"
)
_PATH_ALONE = re.compile(r"^(?P<file>[^\s:()'\"*]+\.\w+)$")
_PYTHON_PLACE = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_PYTHON_ERROR = re.compile(r"^\s*(?:Sorry: )?(?P<code>[A-Za-z_][\w.]*(?:Error|Exception))(?:: (?P<message>.*))?$")


def problems_of(output: str, root: str) -> tuple[Problem, ...]:
    """The errors in the output of a check that failed; repeats stay. Where there are none, the warnings; where no line
    is understood, one problem that holds the output's end. `root` is the project's root as the tools print it."""
    lines = [line.rstrip() for line in _ANSI.sub("", output).split("\n")]
    found = list(_Reader(lines, root).read())
    errors = [problem for severity, problem in found if severity == "error"]
    problems = errors or [problem for severity, problem in found if severity == "warning"]
    return tuple(problems[:MAX_PROBLEMS]) or (Problem(_tail(lines)),)


def _tail(lines: list[str]) -> str:
    said = [line[:MESSAGE_CHARS] for line in lines if line]
    return "\n".join(said[-TAIL_LINES:]) or "It failed and printed nothing."


Found = tuple[str, Problem]


class _Reader:
    """One pass over the lines, with what has to be remembered from earlier ones."""

    def __init__(self, lines: list[str], root: str) -> None:
        self.lines = lines
        self.root = root
        self.file_alone = ""
        self.titles_used: set[int] = set()
        self.python_place: tuple[str, int] | None = None

    def read(self) -> Iterator[Found]:
        for at, line in enumerate(self.lines):
            if not line or len(line) > LINE_CHARS:
                continue
            found = self.place(at, line) or self.whole(at, line) or self.eslint(line) or self.python(line)
            if found and found[0] in ("error", "warning"):
                yield found

    def whole(self, at: int, line: str) -> Found | None:
        for pattern in _WHOLE:
            if match := pattern.match(line):
                values = match.groupdict()
                message = values.get("message") or ""
                if "://" in (values.get("file") or "") or message.startswith("in "):  # a URL; a frame of a traceback
                    return None
                severity, code, text = _taken_apart(values.get("severity") or "", values.get("code") or "", message)
                return severity, self.problem(values.get("file"), values.get("line"), code, text + self.rest(at))
        return None

    def rest(self, at: int) -> str:
        """The indented lines after tsc's first: they say what about a type is wrong."""
        more = []
        for line in self.lines[at + 1 : at + 4]:
            if not re.match(r"^ {2,6}[A-Z'\"]", line):
                break
            more.append(line.strip())
        return " " + " ".join(more) if more else ""

    def place(self, at: int, line: str) -> Found | None:
        match = _PLACE.match(line)
        if match is None:
            return None
        for before in range(at - 1, max(-1, at - 1 - TITLE_LINES_BACK), -1):
            if before not in self.titles_used and (title := _TITLE.match(self.lines[before])):
                self.titles_used.add(before)
                severity = (title["severity"] or title["severity2"] or "error").lower()
                code = title["code"] or title["code2"] or title["code3"] or ""
                return severity, self.problem(match["file"], match["line"], code, title["message"])
        after = next((text.strip() for text in self.lines[at + 1 : at + 3] if text.strip()), "")
        if not after or _PLACE.match(after):
            return None
        severity, code, text = _taken_apart("", "", after)
        return severity, self.problem(match["file"], match["line"], code, text)

    def eslint(self, line: str) -> Found | None:
        if match := _ESLINT.match(line):
            if self.file_alone:
                text, code = match["message"], match["code"] or ""
                return match["severity"], self.problem(self.file_alone, match["line"], code, text)
        elif match := _PATH_ALONE.match(line):
            self.file_alone = match["file"]
        return None

    def python(self, line: str) -> Found | None:
        """A traceback's innermost frame of the project, and the error's line after it."""
        if match := _PYTHON_PLACE.match(line):
            inside = "site-packages" not in match["file"] and not match["file"].startswith("<")
            if inside or self.python_place is None:
                self.python_place = (match["file"], int(match["line"]))
        elif self.python_place and (match := _PYTHON_ERROR.match(line)):
            (file, number), self.python_place = self.python_place, None
            return "error", self.problem(file, str(number), match["code"], match["message"] or match["code"])
        return None

    def problem(self, file: str | None, line: str | None, code: str, message: str) -> Problem:
        text = " ".join(message.split())[:MESSAGE_CHARS] or "failed"
        return Problem(text, self.relative(file or ""), code, (int(line),) if line else ())

    def relative(self, file: str) -> str:
        if file.startswith("/"):
            below = os.path.relpath(file, self.root)
            return file if below.startswith("..") else below
        return os.path.normpath(file) if file else ""


def _taken_apart(severity: str, code: str, message: str) -> tuple[str, str, str]:
    """Severity, code and text of what stands behind a place."""
    match = _MESSAGE.match(message)
    if match and not code:
        severity = severity or match["severity"] or ""
        code, message = match["code"] or match["code2"] or match["code3"] or "", match["text"]
    if not code and (end := _CODE_AT_END.match(message)):
        code, message = end["code"], end["text"]
    word = severity.lower()
    return "error" if not word or word.endswith("error") else word, code, message
