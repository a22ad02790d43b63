"""The network or the server goes away in the middle of an answer: what is shown stays, the strip says what happens, and
in the end the page is equal to a fresh one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server

WORDS = "".join(f"w{number} " for number in range(250))
SPEECH: list[Any] = [
    {"reasoning": "I look first."},
    {"tool": "run_command", "args": {"command": ["sh", "-c", "echo before; sleep 0.2; echo after"]}},
    {"text": WORDS, "chunk": 5, "delay_ms": 15},
]


@pytest.fixture
def session(page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]) -> SessionPage:
    """In the middle of an answer."""
    opened = SessionPage.open(page, server, tmp_path, write_script("long", SPEECH))
    opened.send("hello")
    expect(opened.transcript).to_contain_text("w40 ")
    return opened


def is_equal_to_a_fresh_one(session: SessionPage) -> None:
    expect(session.ends).to_have_count(1, timeout=30_000)
    fresh = SessionPage(session.page.context.new_page())
    fresh.page.goto(session.page.url)
    fresh.wait_until_live()
    expect(fresh.ends).to_have_count(1)
    assert WORDS.strip() in fresh.transcript.inner_text()
    assert session.transcript.inner_text() == fresh.transcript.inner_text()
    assert session.page.locator("#meter").inner_text() == fresh.page.locator("#meter").inner_text()


def test_it_goes_on_after_the_network_was_gone(session: SessionPage) -> None:
    session.page.context.set_offline(True)
    expect(session.strip).to_contain_text("Offline", timeout=3_000)
    expect(session.transcript).to_contain_text("w40 ")
    now = session.page.locator("#now")
    expect(now).to_have_text("Not connected: what runs now is unknownStop")
    assert now.locator(".spinner").evaluate("e => getComputedStyle(e).animationName") == "none"
    session.page.set_viewport_size({"width": 375, "height": 740})
    expect(session.page.get_by_role("button", name="New chat in this session")).to_be_in_viewport(ratio=1)
    session.page.set_viewport_size({"width": 1280, "height": 800})
    session.page.context.set_offline(False)
    expect(session.strip).to_contain_text(re.compile(r"Live again: (caught up|nothing missed)"), timeout=20_000)
    # Where the turn ended meanwhile it is hidden as it was.
    expect(now.get_by_text("Not connected")).not_to_be_visible()
    is_equal_to_a_fresh_one(session)


def test_it_goes_on_after_the_server_was_killed(session: SessionPage, server: Server) -> None:
    server.kill()
    expect(session.strip).to_contain_text("Connection lost", timeout=1_000)
    expect(session.transcript).to_contain_text("w40 ")
    server.start()
    expect(session.strip).to_contain_text("Live again: caught up", timeout=20_000)
    expect(session.transcript).to_contain_text("Cut off here by a restart")
    is_equal_to_a_fresh_one(session)


def test_it_says_that_the_server_restarts(session: SessionPage, server: Server) -> None:
    server.stop()
    expect(session.strip).to_contain_text("Server restarts", timeout=1_000)
    server.start()
    expect(session.strip).to_contain_text("Live again: server restarted, caught up", timeout=20_000)
    is_equal_to_a_fresh_one(session)
