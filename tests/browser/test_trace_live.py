"""A running turn is one row that grows, by frames, on the page and beside the chat."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Request, expect

from tests.browser.session_page import SessionPage
from tests.browser.trace_page import TracePage
from tests.server import Server

SLOW = [
    {"text": "Let me run it.", "chunk": 2, "delay_ms": 20},
    {"tool": "run_command", "args": {"command": ["mkdir", "made"]}},
    {"step": True},
    {"text": "Done."},
]


def test_it_grows_beside_the_chat(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    session = SessionPage.open(page, server, tmp_path, write_script("slow", SLOW), approval="ask")
    page.get_by_role("button", name="Traces of this chat").click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    traces = TracePage(page)
    session.send("make it")
    expect(traces.line("Wants to run mkdir made")).to_be_visible()
    expect(traces.turns).to_have_count(1)
    expect(traces.turns).to_contain_text("needs you")
    expect(traces.line("Wants to run").locator(".approval")).to_have_count(1)

    page.wait_for_timeout(500)
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.wait_for_timeout(1500)
    assert asked == []  # nothing is asked for again and again
    session.allow()
    expect(traces.line("Ran mkdir made")).to_contain_text("→ exit 0")
    expect(traces.line("Step 2")).to_contain_text("answer")
    expect(traces.turns).to_have_count(1)
    expect(traces.turns).not_to_contain_text("running")


def test_it_opens_a_turn_whose_call_was_told_before_it(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    call = {"tool": "run_command", "args": {"command": ["mkdir", "made"]}}
    session = SessionPage.open(page, server, tmp_path, write_script("prompt", [call]), approval="ask")
    page.get_by_role("button", name="Traces of this chat").click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    session.send("make it")  # asked at once, before the panel asks for the turn
    expect(TracePage(page).line("Wants to run mkdir made")).to_be_visible()


def test_it_grows_on_its_own_page(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    session_id, chat_id = server.open_session(tmp_path, write_script("slow", SLOW))
    page.goto(f"/sessions/{session_id}/traces")
    expect(page.locator("#strip")).to_contain_text("Live")
    server.send(chat_id, "make it")
    traces = TracePage(page)
    expect(traces.line("Ran mkdir made")).to_be_visible()
    expect(page.locator("[data-sum=calls]")).to_have_text("1")
