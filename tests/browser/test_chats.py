"""Several chats in one session are tabs; each keeps what was written in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server


def test_it_opens_another_chat_and_goes_back(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    session = SessionPage.open(page, server, tmp_path, write_script("short", [{"text": "First answer."}]))
    session.send("first question")
    expect(session.ends).to_be_visible()
    page.get_by_role("button", name="New chat in this session").click()
    expect(page.get_by_role("tab", name="first question")).to_have_attribute("aria-selected", "false")
    expect(session.transcript).not_to_contain_text("First answer.")
    expect(page.locator("#model")).to_contain_text("scripted:short")  # as the chat before
    session.field.fill("half a thought")
    page.get_by_role("tab", name="first question").click()
    expect(session.transcript).to_contain_text("First answer.")
    expect(session.field).to_have_value("")
    page.keyboard.press("ArrowRight")
    expect(session.field).to_have_value("half a thought")
    page.reload()
    expect(session.field).to_have_value("half a thought")
    expect(page.get_by_role("tab")).to_have_count(2)


def test_it_moves_between_calls_with_keys(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    calls = [{"tool": "run_command", "args": {"command": [word]}} for word in ("true", "false", "pwd")]
    session = SessionPage.open(page, server, tmp_path, write_script("calls", [*calls, {"text": "Done."}]))
    session.send("go")
    expect(session.ends).to_be_visible()
    session.field.blur()
    page.keyboard.press("Control+,")
    page.keyboard.press("e")
    expect(session.call("Ran false").locator("summary")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(session.call("Ran pwd").locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(session.call("Ran pwd").locator(".call-body")).to_be_visible()
    page.keyboard.type("jk")
    expect(session.field).to_be_focused()
    expect(session.field).to_have_value("jk")
    page.keyboard.press("Control+,")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
