"""Compares what the project's check found with what it found before the turn's first write. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

Ending = Literal["ended", "timeout", "not_run"]
Status = Literal["passed", "failed", "timeout", "not_checked"]

MAX_ATTEMPTS = 3
SHOWN_PROBLEMS = 20
SHOWN_BYTES = 8 * 1024

# What differs between two runs of the same program on the same error: places, addresses, durations.
_PLACES = re.compile(r"\bline \d+|:\d+(?::\d+)?\b|\(\d+,\s?\d+\)|\b0x[0-9a-f]+\b|\b\d+(?:\.\d+)? ?m?s\b", re.IGNORECASE)


@dataclass(frozen=True)
class Problem:
    """Describes one error. `file` is relative to the project's root, empty where the error names none; `lines` are all
    the places with the same fingerprint, the first is where it is shown."""

    message: str
    file: str = ""
    code: str = ""
    lines: tuple[int, ...] = ()

    @property
    def is_located(self) -> bool:
        """Tells whether it was found apart from the rest of the output."""
        return bool(self.file or self.code)

    @property
    def fingerprint(self) -> str:
        """Identifies the error, the same on another line."""
        words = " ".join(_PLACES.sub("#", self.message).split())
        return blake2b("\0".join((self.file, self.code, words)).encode(errors="replace"), digest_size=8).hexdigest()

    def __str__(self) -> str:
        """`src/a.ts:3: TS2322 Type …`"""
        place = f"{self.file}:{self.lines[0]}: " if self.file and self.lines else f"{self.file}: " if self.file else ""
        return f"{place}{self.code} {self.message}" if self.code else f"{place}{self.message}"


@dataclass(frozen=True)
class Report:
    """Holds how one run of the check went. `problems` may repeat a fingerprint; `reason` says why it did not run."""

    ending: Ending
    problems: tuple[Problem, ...] = ()
    reason: str = ""

    @property
    def located(self) -> bool:
        """Tells whether any problem was found apart from the rest of the output."""
        return any(problem.is_located for problem in self.problems)


@dataclass(frozen=True)
class Judgement:
    """Holds what a check says about the turn: `new` came with it, `old` was there before; both without repeats."""

    status: Status
    new: tuple[Problem, ...] = ()
    old: tuple[Problem, ...] = ()
    reason: str = ""


def count_fingerprints(problems: Iterable[Problem]) -> dict[str, int]:
    """Counts how often each fingerprint occurs: all that has to be kept of a run to compare a later one with it."""
    return dict(Counter(problem.fingerprint for problem in problems))


def merge_repeats(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Makes one problem for each fingerprint, with all its lines."""
    found: dict[str, Problem] = {}
    for problem in problems:
        first = found.get(problem.fingerprint)
        lines = tuple(sorted({*(first.lines if first else ()), *problem.lines}))
        found[problem.fingerprint] = Problem(problem.message, problem.file, problem.code, lines)
    return tuple(found.values())


def judge(before: Mapping[str, int] | None, after: Report, *, before_was_blind: bool = False) -> Judgement:
    """Compares with the run before the first write (`count_fingerprints` of it; None where there was none, or it came
    to no end).

    `before_was_blind`: that run failed without naming a single error, so a failure that names none either says nothing
    about what was changed since.
    """
    if after.ending == "timeout":
        return Judgement("timeout", reason=after.reason)
    if after.ending == "not_run":
        return Judgement("not_checked", reason=after.reason)
    if after.problems and before_was_blind and not after.located:
        why = "The check failed in the same way before the first change, without naming an error."
        return Judgement("not_checked", old=merge_repeats(after.problems), reason=why)
    now, then = count_fingerprints(after.problems), before or {}
    together = merge_repeats(after.problems)
    new = tuple(problem for problem in together if now[problem.fingerprint] > then.get(problem.fingerprint, 0))
    old = tuple(problem for problem in together if problem not in new)
    return Judgement("failed" if new else "passed", _prefer_located(new), _prefer_located(old))


def _prefer_located(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Leaves lines by their text alone out where there are errors with a place: such lines mostly go with these."""
    return tuple(problem for problem in problems if problem.is_located) or problems


def makes_no_progress(last: Iterable[str], new: Sequence[Problem]) -> bool:
    """Tells whether all the errors of the attempt before (fingerprints) are still there, so that another is no use."""
    return bool(set(last)) and set(last) <= {problem.fingerprint for problem in new}


def describe_regressions(
    command: str, judgement: Judgement, attempt: int, around: Mapping[Problem, str], *, compared: bool
) -> str:
    """Writes the message to the model. `around` has the lines of the files about the problems."""
    since = "has new errors since your changes" if compared else "has errors"
    parts = [f"The project's check, `{command}`, {since} (attempt {attempt} of {MAX_ATTEMPTS} to mend them)."]
    room = SHOWN_BYTES
    shown = 0
    for problem in judgement.new[:SHOWN_PROBLEMS]:
        also = ", ".join(map(str, problem.lines[1:6]))
        part = f"{problem}{f' (also on line {also})' if also else ''}\n{around.get(problem, '')}".rstrip()
        room -= len(part.encode(errors="replace"))
        if room < 0 and shown:
            break
        parts.append(part[:SHOWN_BYTES])
        shown += 1
    if left := len(judgement.new) - shown:
        parts.append(f"[and {left} more; they may go away with these]")
    if judgement.old:
        parts.append(f"{len(judgement.old)} other error(s) were there before your changes: leave them.")
    elif not compared:
        parts.append("Whether they were there before is unknown.")
    parts.append("Mend what your changes broke. If an error is not yours to mend, say so and stop.")
    return "\n\n".join(parts)
