"""Edits keep what they are not about: line ends, a byte order mark, form feeds."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.conftest import Call
from tools.files.replace import replace

BOM = "\ufeff".encode()


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (b"a\r\nb\r\n", {"old": "b", "new": "b1\nb2"}, b"a\r\nb1\r\nb2\r\n"),
        (b"a\r\nb", {"old": "b", "new": "b1\nb2"}, b"a\r\nb1\r\nb2"),
        (b"a\r\nb\r\na\r\n", {"old": "a", "new": "x\ny", "all": True}, b"x\r\ny\r\nb\r\nx\r\ny\r\n"),
        (b"a\r\nb\r\nc\nd\n", {"old": "a", "new": "1\n2"}, b"1\r\n2\r\nb\r\nc\nd\n"),
        (b"a\r\nb\r\nc\nd\n", {"old": "d", "new": "1\n2"}, b"a\r\nb\r\nc\n1\n2\n"),
        (b"a\r\nb\r\nc\nd\n", {"old": "a\nb", "new": "1\n2\n3"}, b"1\r\n2\r\n3\r\nc\nd\n"),
        (b"x\r\nx\n", {"old": "x\n", "new": "y\nz\n", "all": True}, b"y\r\nz\r\ny\nz\n"),
        (b"a\nb\n", {"old": "a\nb\n", "new": "a\r\nb\r\n"}, b"a\r\nb\r\n"),
        (b"a\r\nb\r\n", {"old": "a\r\nb", "new": "a\r\nc"}, b"a\r\nc\r\n"),
        (BOM + b"a\nb\n", {"old": "a", "new": "x"}, BOM + b"x\nb\n"),
        (BOM + b"a\r\nb\r\n", {"old": "\ufeffa\nb", "new": "\ufeffx\ny"}, BOM + b"x\r\ny\r\n"),
        (BOM + b"  if a:\n    b\n", {"old": "if a:\n  b", "new": "if c:\n  d"}, BOM + b"  if c:\n    d\n"),
        (b"  a\n\x0c\n  b\n  c\n", {"old": "a\n\x0c\nb", "new": "a\n\x0c\nd"}, b"  a\n\x0c\n  d\n  c\n"),
        (b"\x0c  a\r\n  b\r\n", {"old": "  b ", "new": "  c\n  d"}, b"\x0c  a\r\n  c\r\n  d\r\n"),
        (b"a\x85b\xc2\x85c\n", {"old": "c", "new": "d"}, b"a\x85b\xc2\x85d\n"),
    ],
)
async def test_an_edit_keeps_them(root: Path, call: Call, before: bytes, edit: dict[str, str], after: bytes) -> None:
    (root / "f").write_bytes(before)
    result = await call("edit_file", path="f", edits=[edit])
    assert result.error is None
    assert (root / "f").read_bytes() == after


@pytest.mark.parametrize(
    ("before", "hunk", "after"),
    [
        (BOM + b"one\ntwo\n", "@@ -1,2 +1,2 @@\n-one\n+1\n two\n", BOM + b"1\ntwo\n"),
        (BOM + b"one\r\ntwo\r\n", "@@ -1,2 +1,3 @@\n one\n+and\n two\n", BOM + b"one\r\nand\r\ntwo\r\n"),
        (BOM + b"one\n", "@@ -1 +1 @@\n-\ufeffone\n+\ufeff1\n", BOM + b"1\n"),
        (b"a\r\nb\r\nc\nd\n", "@@ -1,2 +1,3 @@\n a\n+new\n b\n", b"a\r\nnew\r\nb\r\nc\nd\n"),
        (b"a\r\nb\r\nc\nd\n", "@@ -3,2 +3,2 @@\n c\n-d\n+e\n", b"a\r\nb\r\nc\ne\n"),
        (b"a\r\nb", "@@ -2 +2,2 @@\n-b\n\\ No newline at end of file\n+b\n+c\n", b"a\r\nb\r\nc\r\n"),
        (b"a\n\x0c\nb\n", "@@ -1,3 +1,3 @@\n a\n \x0c\n-b\n+c\n", b"a\n\x0c\nc\n"),
    ],
)
async def test_a_patch_keeps_them(root: Path, call: Call, before: bytes, hunk: str, after: bytes) -> None:
    (root / "f").write_bytes(before)
    result = await call("apply_patch", patch=f"--- a/f\n+++ b/f\n{hunk}")
    assert result.error is None
    assert (root / "f").read_bytes() == after


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        (BOM + b"a\n", "b\n", BOM + b"b\n"),
        (BOM + b"a\r\nb\r\n", "c\nd\n", BOM + b"c\r\nd\r\n"),
        (BOM + b"a\n", "\ufeffb\n", BOM + b"b\n"),
        (b"a\n", "b\r\n", b"b\r\n"),
    ],
)
async def test_a_written_file_keeps_them(root: Path, call: Call, before: bytes, content: str, after: bytes) -> None:
    (root / "f").write_bytes(before)
    assert (await call("write_file", path="f", content=content)).error is None
    assert (root / "f").read_bytes() == after


parts = st.lists(st.sampled_from(["a", "b", "c", " ", "\n", "\r\n", "\x0c"]), max_size=12).map("".join)


@given(parts, parts, parts, parts)
def test_nothing_but_the_place_changes(before: str, old: str, new: str, after: str) -> None:
    """Where the place is marked on both sides, all around it is as it was, to the byte."""
    text = f"{before}<{old}>{after}"
    wanted = new.replace("\r\n", "\n")
    replaced = replace(text, f"<{old}>", f"<{new}!>").text
    assert replaced.startswith(before + "<")
    assert replaced.endswith("!>" + after)
    inside = replaced[len(before) + 1 : len(replaced) - len(after) - 2]
    assert inside.replace("\r\n", "\n") == wanted
