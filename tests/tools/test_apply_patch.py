"""apply_patch: a diff that fits is made, one that does not changes nothing and says where it fails."""

import difflib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.conftest import Call
from tools.errors import ToolError
from tools.files.patch import apply_hunks
from tools.files.patch_reader import read_patch

TEXT = "one\ntwo\nthree\nfour\nfive\n"


def patch(*hunks: str, path: str = "a.txt") -> str:
    return f"--- a/{path}\n+++ b/{path}\n" + "".join(hunks)


async def test_it_changes_several_files_at_once(root: Path, call: Call) -> None:
    (root / "a.txt").write_text(TEXT)
    (root / "gone.txt").write_text("old\n")
    text = (
        patch("@@ -1,3 +1,4 @@\n one\n-two\n+2\n+2b\n three\n")
        + "diff --git a/new.txt b/new.txt\nnew file mode 100644\nindex 000..111\n"
        + "--- /dev/null\n+++ b/sub/new.txt\n@@ -0,0 +1,2 @@\n+first\n+second\n"
        + "--- a/gone.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n"
    )
    result = await call("apply_patch", patch=text)
    assert result.error is None
    assert (root / "a.txt").read_text() == "one\n2\n2b\nthree\nfour\nfive\n"
    assert (root / "sub/new.txt").read_text() == "first\nsecond\n"
    assert not (root / "gone.txt").exists()
    assert result.output.splitlines() == [
        "Edited a.txt: +2 -1.",
        "Created sub/new.txt: +2 -0.",
        "Deleted gone.txt: +0 -1.",
    ]
    assert result.changed_paths == ("a.txt", "sub/new.txt", "gone.txt")


async def test_it_makes_all_or_none(root: Path, call: Call) -> None:
    (root / "a.txt").write_text(TEXT)
    text = patch("@@ -1 +1 @@\n-one\n+1\n") + patch("@@ -1 +1 @@\n-x\n+y\n", path="missing.txt")
    result = await call("apply_patch", patch=text)
    assert result.error
    assert "missing.txt does not exist" in result.error
    assert (root / "a.txt").read_text() == TEXT


async def test_a_wrong_line_number_is_forgiven_and_told(root: Path, call: Call) -> None:
    (root / "a.txt").write_text(TEXT)
    result = await call("apply_patch", patch=patch("@@ -40,9 +41,7 @@ def f():\n four\n-five\n+5\n"))
    assert (root / "a.txt").read_text() == "one\ntwo\nthree\nfour\n5\n"
    assert "applied at line 4" in result.output


@pytest.mark.parametrize(
    ("text", "hunk", "message"),
    [
        (TEXT, "@@ -1,2 +1,2 @@\n one\n-zwei\n+2\n", "line 2 is `two`, the patch has `zwei`"),
        (TEXT, "@@ -1 +1 @@\n-nowhere\n+x\n", "`nowhere` is not in the file"),
        ("x\ny\nx\n", "@@ -9 +9 @@\n-x\n+z\n", "fits at 2 places (lines 1, 3)"),
        (TEXT, "@@ -1 +1 @@\n one\n", "changes nothing"),
        (TEXT, "", "no hunk"),
    ],
)
async def test_a_hunk_that_does_not_fit_says_why(root: Path, call: Call, text: str, hunk: str, message: str) -> None:
    (root / "a.txt").write_text(text)
    result = await call("apply_patch", patch=patch(hunk))
    assert result.error
    assert message in result.error
    assert (root / "a.txt").read_text() == text


async def test_the_number_decides_between_two_places(root: Path, call: Call) -> None:
    (root / "a.txt").write_text("x\ny\nx\n")
    await call("apply_patch", patch=patch("@@ -3 +3 @@\n-x\n+z\n"))
    assert (root / "a.txt").read_text() == "x\ny\nz\n"


async def test_what_the_file_has_stays_as_it_is(root: Path, call: Call) -> None:
    (root / "a.txt").write_bytes(b"one  \r\n\xff\xfe\r\nthree\r\n")
    result = await call("apply_patch", patch=patch("@@ -1 +1,2 @@\n one\n+and a half\n"))
    assert result.error is None
    assert (root / "a.txt").read_bytes() == b"one  \r\nand a half\r\n\xff\xfe\r\nthree\r\n"


async def test_the_last_newline_is_as_the_patch_says(root: Path, call: Call) -> None:
    (root / "a.txt").write_text("one\ntwo")
    mark = "\\ No newline at end of file\n"
    await call("apply_patch", patch=patch(f"@@ -1,2 +1,2 @@\n one\n-two\n{mark}+2\n"))
    assert (root / "a.txt").read_text() == "one\n2\n"
    await call("apply_patch", patch=patch(f"@@ -1,2 +1,2 @@\n one\n-2\n+zwei\n{mark}"))
    assert (root / "a.txt").read_text() == "one\nzwei"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("*** Begin Patch\n*** Update File: a.txt\n", "no unified diff"),
        ("just words", "no file in the patch"),
        ("--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n", "move_file"),
        ("rename from a\nrename to b\n", "move_file"),
        ("--- a/../out\n+++ b/../out\n@@ -1 +1 @@\n-a\n+b\n", "leads out"),
        ("--- a/.git/config\n+++ b/.git/config\n@@ -1 +1 @@\n-a\n+b\n", ".git"),
        ("--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+x\n", "exists already"),
    ],
)
async def test_what_is_no_patch_here_is_refused(root: Path, call: Call, text: str, message: str) -> None:
    (root / "a.txt").write_text("a\n")
    result = await call("apply_patch", patch=text)
    assert result.error
    assert message in result.error


texts = st.lists(st.sampled_from(["a", "b", "", " x", "-", "+y", "--- a/x", "@@ -1 +1 @@"]), max_size=12)


@given(texts, texts)
def test_it_undoes_what_difflib_says(old: list[str], new: list[str]) -> None:
    before, after = ("".join(f"{line}\n" for line in lines) for lines in (old, new))
    diff = "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "a/f", "b/f"))
    if diff:
        (file,) = read_patch(diff)
        assert apply_hunks(before, file)[0] == after


@given(st.text(alphabet="-+ @\n\\ab1,/", max_size=200), st.text(alphabet="ab \n", max_size=40))
def test_any_text_is_a_patch_or_a_sentence(patch_text: str, text: str) -> None:
    with suppress(ToolError):
        for file in read_patch(f"--- a/f\n+++ b/f\n{patch_text}"):
            apply_hunks(text, file)
