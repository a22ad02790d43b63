from pathlib import Path

import pytest

from tests.tools.conftest import Call

TEXT = "def add(a, b):\n    return a - b\n\n\ndef sub(a, b):\n    return a - b\n"


@pytest.fixture(autouse=True)
def _module(root: Path) -> None:
    (root / "m.py").write_text(TEXT)


async def test_it_replaces_what_is_there_once(root: Path, call: Call) -> None:
    old, new = "def add(a, b):\n    return a - b", "def add(a, b):\n    return a + b"
    result = await call("edit_file", path="m.py", edits=[{"old": old, "new": new}])
    assert result.output == "Edited m.py: +1 -1."
    assert result.changed_paths == ("m.py",)
    assert b"-    return a - b\n+    return a + b\n" in result.full_output
    assert (root / "m.py").read_text() == TEXT.replace("a - b", "a + b", 1)


async def test_it_takes_one_edit_without_a_list(root: Path, call: Call) -> None:
    assert (await call("edit_file", path="m.py", old="def add", new="def plus")).error is None
    assert (root / "m.py").read_text().startswith("def plus")


async def test_it_asks_for_more_lines_where_the_text_is_not_unique(root: Path, call: Call) -> None:
    result = await call("edit_file", path="m.py", old="return a - b", new="return 0")
    assert "there 2 times (lines 2, 6)" in (result.error or "")
    assert "m.py was not changed" in result.output
    assert (root / "m.py").read_text() == TEXT
    result = await call("edit_file", path="m.py", old="return a - b", new="return 0", all=True)
    assert result.output == "Edited m.py: +2 -2."


async def test_it_shows_the_nearest_line_where_nothing_matches(root: Path, call: Call) -> None:
    result = await call("edit_file", path="m.py", old="def ad(a, b):\n  pass", new="x")
    assert "not in the file. The nearest line is 1: `def add(a, b):`." in (result.error or "")


async def test_it_makes_all_edits_or_none(root: Path, call: Call) -> None:
    edits = [{"old": "def add", "new": "def plus"}, {"old": "nowhere", "new": "x"}]
    result = await call("edit_file", path="m.py", edits=edits)
    assert (result.error or "").startswith("Edit 2 of 2: `old` is not in the file.")
    assert (root / "m.py").read_text() == TEXT
    edits[1] = {"old": "def plus(a", "new": "def plus(x"}
    assert (await call("edit_file", path="m.py", edits=edits)).error is None
    assert (root / "m.py").read_text().startswith("def plus(x, b)")


async def test_it_forgives_indentation_where_there_is_one_place_and_says_so(root: Path, call: Call) -> None:
    result = await call(
        "edit_file", path="m.py", old="def sub(a, b):  \n    return a - b\n", new="def sub(a, b):\n    return b - a\n"
    )
    assert "Matched at line 5 but for spaces" in result.output
    assert (root / "m.py").read_text() == TEXT[: TEXT.index("def sub")] + "def sub(a, b):\n    return b - a\n"


async def test_it_keeps_the_indentation_of_the_file(root: Path, call: Call) -> None:
    (root / "a").write_text("class A:\n    def f(self):\n        return 1\n")
    result = await call(
        "edit_file", path="a", old="def f(self):\n    return 1", new="def f(self):\n    x = 2\n\n    return x"
    )
    assert result.error is None
    assert (root / "a").read_text() == "class A:\n    def f(self):\n        x = 2\n\n        return x\n"


async def test_it_guesses_nothing_where_two_places_differ_in_spaces(root: Path, call: Call) -> None:
    (root / "a").write_text("if x:\n  go()\n\n    go()\n")
    assert "2 places (lines 2, 4)" in ((await call("edit_file", path="a", old="go()  ", new="stop()")).error or "")


async def test_it_keeps_line_endings_and_broken_bytes(root: Path, call: Call) -> None:
    (root / "a").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\ncaf\xe9\r\n")
    assert (await call("edit_file", path="a", old="one\ntwo", new="1\n2")).error is None
    assert (root / "a").read_bytes() == b"\xef\xbb\xbf1\r\n2\r\ncaf\xe9\r\n"


@pytest.mark.parametrize(("old", "new", "says"), [("", "x", "is empty"), ("a", "a", "are the same")])
async def test_it_explains_a_useless_edit(root: Path, call: Call, old: str, new: str, says: str) -> None:
    assert says in ((await call("edit_file", path="m.py", old=old, new=new)).error or "")


async def test_it_does_not_edit_binary_files(root: Path, call: Call) -> None:
    (root / "a").write_bytes(b"a\0b")
    assert "binary" in ((await call("edit_file", path="a", old="a", new="b")).error or "")
