"""What compilers and linters print, as problems: one of each shape that is known."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.check.compiler_output import MAX_PROBLEMS, read_problems
from tools.check.regressions import Problem

ROOT = "/w/app"


@pytest.mark.parametrize(
    ("output", "file", "line", "code", "message"),
    [
        ("src/a.ts(3,5): error TS2322: Type 'x' is wrong.", "src/a.ts", 3, "TS2322", "Type 'x' is wrong."),
        ("\x1b[96msrc/a.ts\x1b[0m:3:5 - error TS2322: Wrong.", "src/a.ts", 3, "TS2322", "Wrong."),
        ("src/app/(site)/a.tsx:3:5 - error TS1: Wrong.", None, None, "", ""),
        ("./main.go:5:2: undefined: x", "main.go", 5, "", "undefined: x"),
        ("vet: ./main.go:5:2: undefined: x", "main.go", 5, "", "undefined: x"),
        ("src/main.rs:2:5: error[E0308]: mismatched types", "src/main.rs", 2, "E0308", "mismatched types"),
        ("error[E0308]: mismatched types\n --> src/main.rs:2:5\n  |", "src/main.rs", 2, "E0308", "mismatched types"),
        ("a.py:1:8: F401 [*] `os` imported but unused", "a.py", 1, "F401", "`os` imported but unused"),
        ("F401 [*] `os` imported but unused\n --> a.py:1:8", "a.py", 1, "F401", "`os` imported but unused"),
        ("a.py:9: error: Name is wrong  [name-defined]", "a.py", 9, "name-defined", "Name is wrong"),
        ('  File "./a.py", line 1\n    x(\n     ^\nSyntaxError: unclosed', "a.py", 1, "SyntaxError", "unclosed"),
        ("[ERROR] /w/app/src/A.java:[12,5] cannot find symbol", "src/A.java", 12, "", "cannot find symbol"),
        ("/w/app/src/A.java:12: error: ';' expected", "src/A.java", 12, "", "';' expected"),
        ("e: file:///w/app/A.kt:12:5 Unresolved reference", "A.kt", 12, "", "Unresolved reference"),
        ("\u2718 [ERROR] Could not resolve\n\n    src/e.ts:3:5:", "src/e.ts", 3, "", "Could not resolve"),
        ("./src/n.tsx:3:5\nType error: Cannot find name 'x'.", "src/n.tsx", 3, "", "Cannot find name 'x'."),
        ("/w/app/x.js\n  3:5  error  'a' is not defined  no-undef", "x.js", 3, "no-undef", "'a' is not defined"),
        ("FAILED tests/test_a.py::test_x - assert 1 == 2", "tests/test_a.py", None, "test_x", "assert 1 == 2"),
        ("--- FAIL: TestX (0.00s)", "", None, "TestX", "failed"),
        ("Makefile:12: *** missing separator.  Stop.", "Makefile", 12, "", "missing separator. Stop."),
    ],
)
def test_it_knows(output: str, file: str | None, line: int | None, code: str, message: str) -> None:
    (problem,) = read_problems(f"building\n{output}\n", ROOT)
    if file is None:
        assert not problem.file
    else:
        assert problem == Problem(message, file, code, (line,) if line else ())


def test_the_lines_below_tscs_first_belong_to_the_message() -> None:
    (problem,) = read_problems("a.ts(1,1): error TS1: No.\n  Types of 'a' differ.\n    Type 'b' is none.", ROOT)
    assert problem.message == "No. Types of 'a' differ. Type 'b' is none."


def test_warnings_count_only_where_there_are_no_errors() -> None:
    both = "a.c:1:2: warning: unused\na.c:3:4: error: broken\na.c:5:6: note: here"
    assert [problem.message for problem in read_problems(both, ROOT)] == ["broken"]
    assert [problem.message for problem in read_problems("a.c:1:2: warning: unused", ROOT)] == ["unused"]


def test_addresses_frames_and_times_are_no_errors() -> None:
    noise = "http://localhost:3000 ready\n12:30:45 [vite] x\n    at foo (/x/a.js:3:5)\ntests/t.py:12: in test_x"
    (problem,) = read_problems(noise, ROOT)
    assert not problem.file
    assert "[vite]" in problem.message


def test_what_is_not_understood_is_told_by_its_end() -> None:
    (problem,) = read_problems("\n".join(map(str, range(1_000))), ROOT)
    assert problem.message.split() == [str(number) for number in range(980, 1_000)]
    assert read_problems("", ROOT)[0].message == "It failed and printed nothing."


@given(st.text(alphabet="a.:(),[]0 \n->Eerorwanig/\"'\t", max_size=400))
def test_no_output_breaks_it(output: str) -> None:
    assert 1 <= len(read_problems(output, ROOT)) <= MAX_PROBLEMS


def test_no_line_takes_it_long() -> None:
    lines = ["a" * 200 + ".ts", "x:" * 100, " " * 300, "(" * 300, "a.b " * 80 + ":1"]
    began = time.monotonic()
    assert read_problems("\n".join(lines * 1_000), ROOT)
    assert time.monotonic() - began < 3
