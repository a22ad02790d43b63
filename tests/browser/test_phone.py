"""On a phone the content comes first, nothing is wider than the screen, and all of it can be read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server

WIDE = (
    "a" * 200
    + "\n\n| "
    + " | ".join("column" for _ in range(12))
    + " |\n|"
    + "---|" * 12
    + "\n\n```\n"
    + "x" * 300
    + "\n```\n"
)

SMALLEST_FONT = """() => {
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (text) => text.data.trim() ? 1 : 2);
  const sizes = [];
  while (words.nextNode()) sizes.push(parseFloat(getComputedStyle(words.currentNode.parentElement).fontSize));
  return Math.min(...sizes);
}"""


@pytest.mark.parametrize("width", [375, 2000])
def test_it_fits_the_screen(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    script = [{"tool": "run_command", "args": {"command": ["echo", "y" * 300]}}, {"text": WIDE}]
    session = SessionPage.open(page, server, tmp_path, write_script("wide", script))
    expect(session.field).to_be_in_viewport()
    session.send("a very long word: " + "z" * 300)
    expect(session.ends).to_be_visible()
    session.call("Ran echo").locator("summary").click()
    for path in ("", "/"):
        if path:
            page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(SMALLEST_FONT) >= 13


def test_it_keeps_the_sidebar_behind_a_button(page: Page, server: Server, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    SessionPage.open(page, server, tmp_path, "scripted:demo")
    sidebar = page.get_by_role("navigation", name="Projects and sessions")
    expect(sidebar).to_be_hidden()
    page.get_by_role("button", name="Show projects and sessions").click()
    expect(sidebar).to_be_visible()
    page.keyboard.press("Escape")
    expect(sidebar).to_be_hidden()


def test_it_leads_from_the_traces_to_export_and_dashboard(page: Page, server: Server, tmp_path: Path) -> None:
    _session_id, chat_id = server.open_session(tmp_path, "scripted:demo")
    page.goto(f"/chats/{chat_id}/traces")
    link = page.get_by_role("link", name="Export CSV")
    expect(link).to_be_visible()
    page.set_viewport_size({"width": 375, "height": 800})
    expect(link).to_be_hidden()
    page.get_by_role("button", name="More of these traces").click()
    with page.expect_download() as exported:
        link.click()
    assert exported.value.suggested_filename.endswith(".csv")
    expect(page.get_by_role("link", name="Export OTLP")).to_be_in_viewport(ratio=1)
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("heading", name="What it did and what it cost")).to_be_visible()
