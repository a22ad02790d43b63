"""The page follows the answer until the reader looks at something else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server


def test_it_follows_the_end_and_leaves_a_reader_who_scrolled_up_in_peace(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    lines = "".join(f"Paragraph {number} of a long answer.\n\n" for number in range(120))
    script = [{"text": lines, "chunk": 40, "delay_ms": 8}, {"wait_s": 1}, {"text": "The end."}]
    session = SessionPage.open(page, server, tmp_path, write_script("long", script))
    session.send("talk")
    session.transcript.get_by_text("Paragraph 40 of").wait_for()
    assert session.scroll_from_end < 40

    page.mouse.move(600, 300)
    page.mouse.wheel(0, -400)
    expect(session.jump).to_be_visible()
    place = page.locator("#main").evaluate("e => e.scrollTop")
    session.transcript.get_by_text("Paragraph 119 of").wait_for(state="attached")
    assert page.locator("#main").evaluate("e => e.scrollTop") == place

    session.jump.click()
    expect(session.jump).to_be_hidden()
    session.transcript.get_by_text("The end.").wait_for()
    page.wait_for_timeout(100)
    assert session.scroll_from_end < 40
