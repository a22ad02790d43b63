from hypothesis import given
from hypothesis import strategies as st

from tools.errors import ToolError
from tools.files.changes import Change
from tools.files.replace import replace

TEXT = st.text(alphabet="ab \n\r\té", max_size=40)


@given(TEXT, TEXT, TEXT, TEXT)
def test_it_replaces_the_one_exact_match_and_nothing_else(before: str, old: str, new: str, after: str) -> None:
    text = before + old + after
    try:
        replaced = replace(text, old, new)
    except ToolError:
        assert not old or old == new or text.find(old, text.find(old) + 1) >= 0
        return
    assert text.count(old) == 1
    assert replaced.text == before + new + after
    assert replaced.note == ""


@given(TEXT, TEXT, TEXT)
def test_it_only_changes_lines_that_match_but_for_spaces(text: str, old: str, new: str) -> None:
    try:
        replaced = replace(text, old, new)
    except ToolError:
        return
    if replaced.note:
        at = int(replaced.note.split()[3]) - 1
        lines, count = text.splitlines(keepends=True), len(old.splitlines())
        assert [line.strip() for line in lines[at : at + count]] == [line.strip() for line in old.splitlines()]
        assert replaced.text.startswith("".join(lines[:at]))
        assert replaced.text.endswith("".join(lines[at + count :]))


@given(TEXT, TEXT)
def test_it_counts_lines_as_the_diff_shows_them(before: str, after: str) -> None:
    change = Change("a", before.encode(), after.encode())
    old, new = (
        before.count("\n") + bool(before.rpartition("\n")[2]),
        after.count("\n") + bool(after.rpartition("\n")[2]),
    )
    assert change.added - change.removed == new - old
    assert (change.diff == "") == (before == after)
