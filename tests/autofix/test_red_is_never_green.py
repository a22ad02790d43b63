"""A check that fails in a new way is never told as one that passed, whatever its output looks like."""

import pytest

from tools.check.compiler_output import read_problems
from tools.check.regressions import Report, count_fingerprints, judge

ROOT = "/w"
WARNING = "main.c:3:9: warning: unused variable 'x' [-Wunused-variable]\n"
LINK = "/usr/bin/ld: main.o: in function `main':\nmain.c:(.text+0x5): undefined reference to `gone'\n"
LINK += "collect2: error: ld returned 1 exit status\nmake: *** [Makefile:2: all] Error 1\n"
OTHER_LINK = LINK.replace("gone", "lost")
ESLINT = "/w/src/a.ts\n  1:1  error  'x' is not defined  no-undef\n"
OLD = "src/a.ts(3,5): error TS2322: Type 'string' is not assignable to type 'number'.\n"


def told(before: str | None, after: str) -> tuple[str, list[str]]:
    """The verdict on `after`, and what is new in it; `before` is None where the check was green."""
    earlier = count_fingerprints(read_problems(before, ROOT)) if before is not None else {}
    blind = before is not None and not Report("ended", read_problems(before, ROOT)).located
    judgement = judge(earlier, Report("ended", read_problems(after, ROOT)), before_was_blind=blind)
    return judgement.status, [str(problem) for problem in judgement.new]


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        (None, WARNING + LINK, "undefined reference to `gone'"),
        (WARNING + LINK, WARNING + "main.c:9:1: error: expected ';'\n", "expected ';'"),
        (OLD, OLD + "app/(shop)/page.tsx(1,1): error TS2304: Cannot find name 'x'.\n", "app/(shop)/page.tsx:1: TS2304"),
        (
            OLD,
            OLD + "app/[id]/my page.tsx(1,1): error TS2304: Cannot find name 'x'.\n",
            "app/[id]/my page.tsx:1: TS2304",
        ),
        (OLD, OLD + "Something odd: fatal, and in no known form\n", "Something odd: fatal"),
        (OLD, OLD + WARNING + "Segmentation fault (core dumped)\n", "Segmentation fault"),
        ("FAILED t.py::test_ev[1 + 1-2] - assert 3", "FAILED t.py::test_ev[1 + 2-2] - assert 3", "test_ev[1 + 2-2]"),
        ("FAILED t.py::test_ev[4 - 2-2] - assert 3", "FAILED t.py::test_ev[4 - 3-2] - assert 3", "test_ev[4 - 3-2]"),
        (
            ESLINT,
            ESLINT + "\n/w/src/my comp.ts\n  2:1  error  'x' is not defined  no-undef\n",
            "src/my comp.ts:2: no-undef",
        ),
    ],
)
def test_what_is_new_is_told(before: str | None, after: str, new: str) -> None:
    status, problems = told(before, after)
    assert status == "failed"
    assert any(new in problem for problem in problems), problems


@pytest.mark.parametrize("output", [WARNING + LINK, OLD, OLD + "Found 1 error in src/a.ts:3\n", WARNING])
def test_the_same_again_is_nothing_new(output: str) -> None:
    assert told(output, output)[1] == []


def test_another_failure_of_a_build_that_named_no_error_is_not_green() -> None:
    assert told(LINK, OTHER_LINK)[0] != "passed"


def test_counts_and_durations_are_no_errors() -> None:
    before = f"{OLD}Found 1 error in 1.2s.\nTests: 3 failed, 10 passed\n"
    after = f"{OLD}Found 2 errors in 3.4s.\nTests: 4 failed, 9 passed\n"
    assert told(before, after) == ("passed", [])
