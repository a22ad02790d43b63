"""Finds the errors in what compilers, linters and test runners print. Pure.

No tool is asked for a format of its own: what a project's `build` script runs is unknown. So each line is tried against
the shapes that most of them share.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator

from tools.check.regressions import Problem

MAX_PROBLEMS = 1_000
MESSAGE_CHARS = 500
MAX_OTHER = 100
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
    re.compile(rf"^\s*(?P<file>\S.*?)\((?P<line>\d+)(?:,\d+)*\): {_SEVERITY} (?P<code>[A-Za-z]+\d+): (?P<message>.+)$"),
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
    # The parameters of a test may hold spaces, and even " - ".
    re.compile(
        r"^(?:FAILED|ERROR) (?P<file>[^:]+\.py)(?:::(?P<code>[^\s\[]+(?:\[.*?\](?= - |$))?))?(?: - (?P<message>.+))?$"
    ),
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


# A line that is not understood and tells of an error all the same. What only counts them differs from run to run.
_TELLS_OF_ERROR = re.compile(
    r"\*\*\*|\b(error|fatal|fail(?:ed|ure)?|cannot|can't|could not|undefined|unresolved|not found|no such|exception|"
    r"panic\w*|segmentation|aborted|killed|timed out)\b",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"\b\d+ (?:\w+ )?(?:errors?|problems?|fail(?:ed|ures?|ing)?|warnings?|passed|tests?|files?)\b", re.IGNORECASE
)
_FOR_WARNINGS = re.compile(
    r"too many warnings|warnings? (?:being )?treated as errors|--max-warnings|-D warnings", re.IGNORECASE
)


def read_problems(output: str, root: str) -> tuple[Problem, ...]:
    """Finds the errors in the output of a check that failed; repeats stay. `root` is the project's root as the tools
    print it.

    Lines that tell of an error and are not understood are problems by their text: dropped, a build that breaks in a new
    way would look as it did before. Warnings count only where nothing else tells of an error, or the output says that
    they made it fail. Where no line does, one problem holds the output's end.
    """
    lines = [line.rstrip() for line in _ANSI.sub("", output).split("\n")]
    reader = _Reader(lines, root)
    found = list(reader.read())
    problems = [problem for severity, problem in found if severity == "error"]
    problems += [Problem(" ".join(line.split())[:MESSAGE_CHARS]) for line in reader.list_other_errors()]
    if not problems or (_FOR_WARNINGS.search(output) and not any(problem.file for problem in problems)):
        problems = [problem for severity, problem in found if severity == "warning"] or problems
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
        self.understood: set[int] = set()
        self.used_after: set[int] = set()

    def list_other_errors(self) -> list[str]:
        """Gives the lines that tell of an error and are no part of a problem that was read; call it after `read`."""
        found = [
            line
            for at, line in enumerate(self.lines)
            if at not in self.understood and at not in self.titles_used and len(line) <= LINE_CHARS
            if _TELLS_OF_ERROR.search(line) and not _COUNTS.search(line)
        ]
        return found[:MAX_OTHER]

    def read(self) -> Iterator[Found]:
        for at, line in enumerate(self.lines):
            if not line or len(line) > LINE_CHARS:
                continue
            found = self.located(at, line) or self.whole(at, line) or self.eslint(at, line) or self.python(line)
            if found:
                self.understood |= {at, *self.used_after}
                self.used_after.clear()
            if found and found[0] in ("error", "warning"):
                yield found

    def whole(self, at: int, line: str) -> Found | None:
        for pattern in _WHOLE:
            if match := pattern.match(line):
                values = match.groupdict()
                message = values.get("message") or ""
                if "://" in (values.get("file") or "") or message.startswith("in "):  # a URL; a frame of a traceback
                    return None
                severity, code, text = _split_message(values.get("severity") or "", values.get("code") or "", message)
                return severity, self.problem(values.get("file"), values.get("line"), code, text + self.rest(at))
        return None

    def rest(self, at: int) -> str:
        """The indented lines after tsc's first: they say what about a type is wrong."""
        more = []
        for line in self.lines[at + 1 : at + 4]:
            if not re.match(r"^ {2,6}[A-Z'\"]", line):
                break
            more.append(line.strip())
            self.used_after.add(at + len(more))
        return " " + " ".join(more) if more else ""

    def located(self, at: int, line: str) -> Found | None:
        match = _PLACE.match(line)
        if match is None:
            return None
        for before in range(at - 1, max(-1, at - 1 - TITLE_LINES_BACK), -1):
            if before not in self.titles_used and (title := _TITLE.match(self.lines[before])):
                self.titles_used.add(before)
                severity = (title["severity"] or title["severity2"] or "error").lower()
                code = title["code"] or title["code2"] or title["code3"] or ""
                return severity, self.problem(match["file"], match["line"], code, title["message"])
        place = next((n for n in range(at + 1, min(at + 3, len(self.lines))) if self.lines[n].strip()), None)
        if place is None or _PLACE.match(after := self.lines[place].strip()):
            return None
        self.used_after.add(place)
        severity, code, text = _split_message("", "", after)
        return severity, self.problem(match["file"], match["line"], code, text)

    def eslint(self, at: int, line: str) -> Found | None:
        if match := _ESLINT.match(line):
            if self.file_alone:
                text, code = match["message"], match["code"] or ""
                return match["severity"], self.problem(self.file_alone, match["line"], code, text)
        elif _PATH_ALONE.match(line) or (at + 1 < len(self.lines) and _ESLINT.match(self.lines[at + 1])):
            self.file_alone = line.strip()  # whatever is in its name
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


def _split_message(severity: str, code: str, message: str) -> tuple[str, str, str]:
    """Splits what follows a place into severity, code and text."""
    match = _MESSAGE.match(message)
    if match and not code:
        severity = severity or match["severity"] or ""
        code, message = match["code"] or match["code2"] or match["code3"] or "", match["text"]
    if not code and (end := _CODE_AT_END.match(message)):
        code, message = end["code"], end["text"]
    word = severity.lower()
    return "error" if not word or word.endswith("error") else word, code, message
