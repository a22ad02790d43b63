"""todo: what is shown to the person and kept for the next turn."""

from tests.tools.conftest import Call


async def test_it_shows_the_list_and_keeps_it(call: Call) -> None:
    items = [{"text": "Read", "state": "done"}, {"text": "Write", "state": "doing"}, {"text": "Test"}]
    result = await call("todo", items=items)
    assert result.output == "[x] Read\n[>] Write\n[ ] Test"
    assert result.kept == {"todo": [*items[:2], {"text": "Test", "state": "open"}]}


async def test_a_list_that_is_none_is_refused(call: Call) -> None:
    assert "items.0.state" in (await call("todo", items=[{"text": "x", "state": "maybe"}])).output
    assert (await call("todo", items=[])).output == "[the list is empty]"
