"""The agent's list stands over the message field for as long as there is something to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server


def todo(*states: str) -> dict[str, Any]:
    items = [{"text": text, "state": state} for text, state in zip(("Read", "Mend"), states, strict=True)]
    return {"tool": "todo", "args": {"items": items}}


def test_it_is_shown_and_ends_with_the_work(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    first = [todo("done", "doing"), {"text": "More tomorrow."}, {"step": True}]
    session = SessionPage.open(
        page, server, tmp_path, write_script("listing", [*first, todo("done", "done"), {"text": "Done."}])
    )
    panel = page.locator("#todo")
    session.send("go")
    expect(panel.locator("summary")).to_have_text("1 of 2 doneMend")
    expect(session.call("Updated the to-do list 1 of 2 done")).to_be_visible()
    expect(session.ends).to_be_visible()
    page.reload()
    panel.locator("summary").click()
    expect(panel.get_by_role("listitem")).to_have_text(["Read", "Mend"])
    expect(panel.get_by_role("img", name="In work")).to_be_visible()
    session.send("finish")
    expect(session.ends).to_have_count(2)
    expect(panel).to_be_hidden()
