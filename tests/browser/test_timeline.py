"""The timeline beside the chat: look back, take chat and files back, and forth again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server

SCRIPT = [
    {"tool": "write_file", "args": {"path": "a.txt", "content": "one\n"}},
    {"text": "First."},
    {"step": True},
    {"tool": "write_file", "args": {"path": "a.txt", "content": "two\n"}},
    {"text": "Second."},
]


def test_it_takes_chat_and_files_back_and_forth(
    page: Page, server: Server, write_script: Callable[[str, Any], str], tmp_path: Path
) -> None:
    session = SessionPage.open(page, server, tmp_path, write_script("two-turns", SCRIPT))
    for words, answer in (("make it one", "First."), ("make it two", "Second.")):
        session.send(words)
        session.transcript.get_by_text(answer).wait_for()
        expect(session.stop).to_have_count(0)
    page.get_by_role("button", name="Timeline of this chat").click()
    places = page.get_by_role("list", name="Turns, oldest first").get_by_role("listitem")
    expect(places).to_have_count(3)
    assert "Nothing happened" not in page.locator("#timeline").inner_text()

    page.get_by_role("button", name="Restore to “make it one”").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("a.txt", exact=True).wait_for()
    expect(dialog).to_contain_text("4 messages are hidden")
    dialog.get_by_role("button", name="Restore", exact=True).click()
    expect(session.transcript.get_by_text("Second.")).to_have_count(0)
    expect(session.transcript.get_by_text("First.")).to_be_visible()
    assert (tmp_path / "a.txt").read_text() == "one\n"

    page.get_by_role("button", name="Restore to “Before the restore”").click()
    dialog.get_by_role("button", name="Restore", exact=True).click()
    expect(session.transcript.get_by_text("Second.")).to_be_visible()
    assert (tmp_path / "a.txt").read_text() == "two\n"


def test_an_empty_timeline_says_what_it_is_for(page: Page, server: Server, tmp_path: Path) -> None:
    SessionPage.open(page, server, tmp_path, "scripted:demo")
    page.get_by_role("button", name="Timeline of this chat").click()
    expect(page.locator("#timeline")).to_contain_text("Each turn will be a place to come back to")
    page.get_by_role("link", name="Whole page").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text("Nothing happened in this chat yet")
