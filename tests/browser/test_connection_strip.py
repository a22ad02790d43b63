"""The strip says what the connection does; what is shown stays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server


def test_it_says_so_when_the_server_is_gone_and_back(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    session = SessionPage.open(page, server, tmp_path, write_script("short", [{"text": "Here I am."}]))
    session.send("hello")
    expect(session.ends).to_be_visible()
    server.kill()
    expect(session.strip).to_contain_text("Connection lost", timeout=1_000)
    expect(session.transcript).to_contain_text("Here I am.")
    server.start()
    expect(session.strip).to_contain_text("Live", timeout=20_000)
    expect(session.transcript.get_by_text("Here I am.")).to_have_count(1)
