"""Lists the commands that may run unasked: they read, inside the project, and can be talked into nothing else. Pure.

A command is taken apart argument by argument, and each must be on its list: a prefix proves nothing
(`git diff --output=x` writes, `rg --pre=x` and `find -exec` run programs, `git diff --no-index /etc/passwd x` reads
anything). What is not understood is not safe. Left out on purpose, though they look harmless: `--version` of tools
that let the project choose what runs (yarn, cargo, go), `sort -o`, `uniq IN OUT`, `date -s`, `tail -f`, `diff` (of two
directories it follows the links in them).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

_NUMBER = re.compile(r"[+-]?\d+")
_TEXT = re.compile(r".*", re.DOTALL)
_NUMBERS = dict.fromkeys(("-A", "-B", "-C", "-m"), _NUMBER)

Positionals = Literal["none", "paths", "pattern and paths", "revisions", "text"]


@dataclass(frozen=True)
class Shape:
    """Describes the arguments of one safe command.

    `letters` are short flags that may be joined (`-la`), `flags` whole ones, `starts` flags with their value after `=`
    or joined, `values` flags whose value is the next argument. Not `bare`: without a flag it does something else.
    """

    letters: str = ""
    bare: bool = True
    flags: frozenset[str] = frozenset()
    starts: tuple[str, ...] = ()
    values: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    positionals: Positionals = "none"
    subcommands: Mapping[str, Shape] = field(default_factory=dict)

    def takes_flag(self, argument: str) -> bool:
        """Tells whether this is a flag that needs no further argument."""
        if argument in self.flags or (self.starts and argument.startswith(self.starts)):
            return True
        return bool(self.letters) and re.fullmatch(f"-[{self.letters}]+", argument) is not None


def _flags(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _version(flags: str = "--version") -> Shape:
    """`make --version` is harmless, and `make` is not."""
    return Shape(bare=False, flags=_flags(flags))


_LOG = Shape(
    letters="pw",
    flags=_flags(
        "--oneline --graph --all --stat --shortstat --numstat --name-only --name-status --decorate --no-decorate "
        "--no-merges --merges --reverse --follow --patch --no-patch --no-color --no-ext-diff --no-textconv --date-order"
    ),
    starts=(
        *("--pretty=", "--format=", "--since=", "--until=", "--author=", "--grep=", "--max-count=", "--date=", "-U"),
        *(f"-{digit}" for digit in "123456789"),
    ),
    values={"-n": _NUMBER, "-S": _TEXT, "-G": _TEXT, "-L": re.compile(r"\d+,\+?\d+(:.*)?")},
    positionals="revisions",
)

_GIT = {
    "status": Shape(
        letters="sbvz",
        flags=_flags("--short --branch --porcelain --porcelain=v1 --porcelain=v2 --long --ignored -uno -uall -unormal"),
        positionals="revisions",
    ),
    "diff": Shape(
        letters="pwbR",
        flags=_flags(
            "--stat --shortstat --numstat --name-only --name-status --cached --staged --check --summary --no-color "
            "--no-ext-diff --no-textconv --no-renames --patch --minimal --histogram --patience --word-diff"
        ),
        starts=("-U", "--unified=", "--diff-filter="),
        positionals="revisions",
    ),
    "log": _LOG,
    "show": _LOG,
    "blame": Shape(letters="wl", values={"-L": re.compile(r"\d+,\+?\d+")}, positionals="revisions"),
    "branch": Shape(letters="arv", flags=_flags("--all --remotes --list --show-current")),
    "tag": Shape(letters="l", flags=_flags("--list")),
    "remote": Shape(letters="v", flags=_flags("--verbose")),
    "describe": Shape(flags=_flags("--tags --always --dirty --long"), positionals="revisions"),
    "rev-parse": Shape(
        flags=_flags("--short --abbrev-ref --show-toplevel --show-prefix --is-inside-work-tree --verify --quiet"),
        positionals="revisions",
    ),
    "ls-files": Shape(
        letters="cmdos", flags=_flags("--others --modified --deleted --exclude-standard"), positionals="revisions"
    ),
}

SAFE: dict[str, Shape] = {
    "pwd": Shape(),
    "true": Shape(),
    "false": Shape(),
    "whoami": Shape(),
    "uname": Shape(letters="asrmnvo"),
    "date": Shape(starts=("+",), letters="u"),
    "echo": Shape(positionals="text"),
    "basename": Shape(positionals="text"),
    "dirname": Shape(positionals="text"),
    "which": Shape(letters="a", positionals="text"),
    "ls": Shape(letters="lahARr1tSdFgGosinp", flags=_flags("--all --human-readable"), positionals="paths"),
    "cat": Shape(letters="nbsETAv", positionals="paths"),
    "head": Shape(
        letters="qv0123456789",
        starts=("--lines=", "--bytes=", "-n", "-c"),
        values={"-n": _NUMBER, "-c": _NUMBER},
        positionals="paths",
    ),
    "tail": Shape(
        letters="qv0123456789",
        starts=("--lines=", "--bytes=", "-n", "-c"),
        values={"-n": _NUMBER, "-c": _NUMBER},
        positionals="paths",
    ),
    "wc": Shape(letters="lwcmL", positionals="paths"),
    "stat": Shape(positionals="paths"),
    "file": Shape(letters="bi", positionals="paths"),
    "du": Shape(letters="shacb", starts=("--max-depth=",), values={"-d": _NUMBER}, positionals="paths"),
    "cmp": Shape(letters="bls", positionals="paths"),
    "grep": Shape(
        letters="rnilcwvEFHhoqsx",
        starts=("--include=", "--exclude=", "--exclude-dir="),
        values=_NUMBERS | {"-e": _TEXT},
        positionals="pattern and paths",
    ),
    "rg": Shape(
        letters="nilcwvFosuSHN",
        flags=_flags("--hidden --no-ignore --no-heading --count --stats --color=never"),
        values=_NUMBERS | {"-e": _TEXT, "-g": _TEXT, "-t": _TEXT, "-d": _NUMBER},
        positionals="pattern and paths",
    ),
    "find": Shape(
        flags=_flags("-print -print0 -empty -o -or -a -and -not"),
        values=dict.fromkeys(("-name", "-iname", "-path", "-ipath", "-type", "-size", "-mtime", "-mmin"), _TEXT)
        | {"-maxdepth": _NUMBER, "-mindepth": _NUMBER},
        positionals="paths",
    ),
    "git": Shape(bare=False, flags=_flags("--version"), subcommands=_GIT),
    "python": _version("--version -V"),
    "python3": _version("--version -V"),
    "node": _version("--version -v"),
    "npm": _version("--version -v"),
    "java": _version("--version -version"),
    "gcc": _version(),
    "make": _version(),
}


def is_safe(argv: Sequence[str], inside: Callable[[str], bool]) -> bool:
    """Tells whether the command is on the list, argument by argument. `inside` tells whether a path, counted from the
    command's directory, leads to a place in the project."""
    shape = SAFE.get(argv[0]) if argv else None
    if shape is None:
        return False
    rest = list(argv[1:])
    if argv[0] == "git" and rest[:1] == ["--no-pager"]:
        rest = rest[1:]
    if shape.subcommands and rest and not rest[0].startswith("-"):
        shape = shape.subcommands.get(rest.pop(0))
        if shape is None:
            return False
    if not shape.bare and not any(map(shape.takes_flag, rest)):
        return False
    positionals = _positionals(shape, rest)
    return positionals is not None and _allowed(shape, positionals, rest, inside)


def only_reads_a_repository(argv: Sequence[str]) -> bool:
    """Tells whether this is a git command of the list, wherever its paths lead."""
    return bool(argv) and argv[0] == "git" and is_safe(argv, lambda _path: True)


def _positionals(shape: Shape, arguments: list[str]) -> list[str] | None:
    """Gives the arguments that are no flags; None where a flag is not on the list."""
    found: list[str] = []
    todo = iter(arguments)
    for argument in todo:
        if argument == "--":
            return [*found, *todo]
        if argument in shape.values:
            value = next(todo, None)
            if value is None or not shape.values[argument].fullmatch(value):
                return None
        elif argument.startswith(("-", "+")) and len(argument) > 1:
            if not shape.takes_flag(argument):
                return None
        else:
            found.append(argument)
    return found


def _allowed(shape: Shape, positionals: list[str], arguments: list[str], inside: Callable[[str], bool]) -> bool:
    match shape.positionals:
        case "none":
            return not positionals
        case "text":
            return True
        case "revisions":
            # `origin/main` is no path and `HEAD~1:x` neither: git must only be kept from files outside.
            return all(is_below_here(argument) and inside(argument) for argument in positionals)
        case "pattern and paths":
            paths = positionals if "-e" in arguments else positionals[1:]
            return all(map(inside, paths))
        case "paths":
            return all(map(inside, positionals))


def is_below_here(path: str) -> bool:
    """Tells whether `path`, as text, is relative and does not climb."""
    return not path.startswith(("/", "~")) and ".." not in path.split("/")
