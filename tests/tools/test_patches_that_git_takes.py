"""What `git apply` takes, apply_patch takes, with the same result."""

import difflib
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.conftest import Call
from tools.errors import ToolError
from tools.files.patch import apply_hunks
from tools.files.patch_reader import read_patch

A = "l1\nl2\nl3\nl4\nl5\n"
HEAD = "--- a/f\n+++ b/f\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        # Overlapping context, and hunks in swapped order.
        (HEAD + "@@ -1,3 +1,3 @@\n l1\n-l2\n+L2\n l3\n@@ -3,2 +3,2 @@\n l3\n-l4\n+L4\n", "l1\nL2\nl3\nL4\nl5\n"),
        (HEAD + "@@ -4,2 +4,3 @@\n-l4\n+L4\n+new\n l5\n@@ -1,2 +1,2 @@\n-l1\n+L1\n l2\n", "L1\nl2\nl3\nL4\nnew\nl5\n"),
        (HEAD + "@@\n-l5\n+L5\n@@\n-l1\n+L1\n", "L1\nl2\nl3\nl4\nL5\n"),
        # Empty lines around hunks and files.
        (HEAD + "@@ -1 +1 @@\n-l1\n+L1\n\n@@ -5 +5 @@\n-l5\n+L5\n\n\n", "L1\nl2\nl3\nl4\nL5\n"),
        ("\n\n" + HEAD + "@@ -1 +1 @@\n-l1\n+L1\n", "L1\nl2\nl3\nl4\nl5\n"),
        ("diff --git a/f b/f\nindex 1..2 100644\n" + HEAD + "@@ -1 +1 @@\n-l1\n+L1\n", "L1\nl2\nl3\nl4\nl5\n"),
        (HEAD + "@@ -9,7 +9,8 @@\n-l1\n+L1\n\n\n@@ -1,8 +2 @@\n-l5\n+L5\n", "L1\nl2\nl3\nl4\nL5\n"),
    ],
)
async def test_one_file(root: Path, call: Call, text: str, after: str) -> None:
    (root / "f").write_text(A)
    result = await call("apply_patch", patch=text)
    assert result.error is None
    assert (root / "f").read_text() == after


def files_in(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        (
            "diff --git a/f b/f\n" + HEAD + "@@ -1 +1 @@\n-1\n+one\n\ndiff --git a/g b/g\n--- a/g\n+++ b/g\n"
            "@@ -1 +1 @@\n-2\n+two\n",
            {"f": "1\n", "g": "2\n"},
            {"f": "one\n", "g": "two\n"},
        ),
        (
            '--- "a/caf\\303\\251 \\"x\\".txt"\n+++ "b/caf\\303\\251 \\"x\\".txt"\n@@ -1 +1 @@\n-1\n+one\n',
            {'café "x".txt': "1\n"},
            {'café "x".txt': "one\n"},
        ),
        ("--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n--- x\n+++ y\n z\n", {"f": "-- x\nz\n"}, {"f": "++ y\nz\n"}),
        (
            "--- a/f\n+++ b/f\n@@ -1 +1 @@\n--- x\n+++ y\n@@ -3 +3 @@\n-b\n+B\n",
            {"f": "-- x\na\nb\n"},
            {"f": "++ y\na\nB\n"},
        ),
        (
            "--- a/f\n+++ b/f\n@@ -1,9 +1,9 @@\n-1\n+one\n--- a/g\n+++ b/g\n@@ -1 +1 @@\n-2\n+two\n",
            {"f": "1\n", "g": "2\n"},
            {"f": "one\n", "g": "two\n"},
        ),
        (
            "diff --git a/new b/new\nnew file mode 100644\nindex 0000000..e69de29\n"
            "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-1\n+one\n",
            {"f": "1\n"},
            {"f": "one\n", "new": ""},
        ),
        ("diff --git a/f b/f\ndeleted file mode 100644\nindex e69de29..0000000\n", {"f": ""}, {}),
        ("--- a/x\n+++ a/x\n@@ -1 +1 @@\n-1\n+one\n", {"a/x": "1\n"}, {"a/x": "one\n"}),
        ("--- b/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+one\n", {"b/x": "1\n"}, {"b/x": "one\n"}),
        ("--- a/a/x\n+++ b/a/x\n@@ -1 +1 @@\n-1\n+one\n", {"a/x": "1\n"}, {"a/x": "one\n"}),
        ("--- b/x\n+++ a/x\n@@ -1 +1 @@\n-1\n+one\n", {"x": "1\n"}, {"x": "one\n"}),
        ("--- x\n+++ x\n@@ -1 +1 @@\n-1\n+one\n", {"x": "1\n"}, {"x": "one\n"}),
    ],
)
async def test_files_and_names(
    root: Path, call: Call, text: str, before: dict[str, str], after: dict[str, str]
) -> None:
    for name, content in before.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content)
    result = await call("apply_patch", patch=text)
    assert result.error is None
    assert files_in(root) == after


@pytest.mark.parametrize("hunks", ["", "@@ -1 +0,0 @@\n-l1\n", "@@ -4,2 +0,0 @@\n-l4\n-l5\n"])
async def test_a_file_with_other_content_is_not_deleted(root: Path, call: Call, hunks: str) -> None:
    (root / "f").write_text(A)
    result = await call("apply_patch", patch=f"--- a/f\n+++ /dev/null\n{hunks}")
    assert result.error
    assert "has other content" in result.error
    assert (root / "f").read_text() == A


lines = st.lists(st.sampled_from(["a", "b", "c", "d", "", "-- x", "++ y"]), min_size=1, max_size=14)


@settings(max_examples=40, deadline=None)
@given(before=lines, after=lines, context=st.integers(0, 3), data=st.data())
def test_it_does_what_git_does(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], after: list[str], context: int, data: st.DataObject
) -> None:
    old, new = ("".join(f"{line}\n" for line in some) for some in (before, after))
    diff = list(difflib.unified_diff(old.splitlines(True), new.splitlines(True), "a/f", "b/f", n=context))
    if not diff:
        return
    starts = [at for at, line in enumerate(diff) if line.startswith("@@")]
    hunks = ["".join(diff[at:end]) for at, end in zip(starts, [*starts[1:], len(diff)], strict=True)]
    patch = HEAD + "".join(data.draw(st.permutations(hunks)))
    folder = tmp_path_factory.mktemp("git")
    (folder / "f").write_text(old)
    taken = subprocess.run(
        ["git", "apply", "--unidiff-zero", "-"], cwd=folder, input=patch, text=True, capture_output=True
    )
    # Without context git puts swapped hunks elsewhere now and then; the numbers say where they belong.
    if taken.returncode == 0 and (folder / "f").read_text() == new:
        (file,) = read_patch(patch)
        assert apply_hunks(old, file)[0] == new


@given(st.lists(st.sampled_from(["@@", "@@ -1,2 +1,2 @@", " a", "-a", "+b", "-b", "", " b", "+a"]), max_size=12), lines)
def test_a_patch_ends_in_a_text_or_a_sentence(patch: list[str], text: list[str]) -> None:
    with suppress(ToolError):
        for file in read_patch(HEAD + "\n".join(patch)):
            apply_hunks("\n".join(text), file)
