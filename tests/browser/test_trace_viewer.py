"""The viewer shows each turn, step and call with its time, finds what one looks for, and leads to the chat and back."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.browser.trace_page import TracePage
from tests.server import Server

PROGRAM = "import sys; print('\\x1b[31mAssertionError: 3 != 4\\x1b[0m'); sys.exit(1)"
SCRIPT = [
    {"tool": "read_file", "args": {"path": "app.py"}},
    {"usage": {"prompt_tokens": 1000, "completion_tokens": 50, "cache_tokens": 700, "reasoning_tokens": 20}},
    {"step": True},
    {"tool": "run_command", "args": {"command": ["python3", "-c", PROGRAM]}},
    {"usage": {"prompt_tokens": 1400, "completion_tokens": 30}},
    {"step": True},
    {"tool": "edit_file", "args": {"path": "app.py", "old": "a - b", "new": "a + b"}},
    {"tool": "apply_patch", "args": {"patch": "--- /dev/null\n+++ b/notes.md\n@@ -0,0 +1 @@\n+Mended.\n"}},
    {"usage": {"prompt_tokens": 1800, "completion_tokens": 30}},
    {"step": True},
    {"text": "Done."},
    {"usage": {"prompt_tokens": 1900, "completion_tokens": 5}},
]


@pytest.fixture
def session(page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]) -> SessionPage:
    (tmp_path / "app.py").write_text("def add(a, b):\n    return a - b\n")
    session = SessionPage.open(page, server, tmp_path, write_script("fixer", SCRIPT))
    session.send("fix the sum")
    expect(session.ends).to_be_visible()
    return session


@pytest.fixture
def chat_path(session: SessionPage, page: Page, server: Server) -> str:
    session_id = page.url.rpartition("/")[2].partition("?")[0]
    chat: str = server.api("GET", f"/api/sessions/{session_id}")["chats"][0]["id"]
    return f"/chats/{chat}/traces"


@pytest.fixture
def traces(page: Page, chat_path: str) -> TracePage:
    return TracePage.open(page, chat_path)


def test_it_names_each_line_by_what_was_done(traces: TracePage, page: Page) -> None:
    expect(traces.turns).to_contain_text(["fix the sum"])
    expect(traces.turns.locator(".facts")).to_have_text(re.compile(r"^\d calls · 1 failed$"))
    expect(page.locator(".of-axis .name")).to_contain_text("BooCode itself")
    expect(traces.line("Read app.py")).to_be_visible()
    expect(traces.line("Edited app.py").locator(".plus, .minus")).to_have_text(["+1", re.compile("1$")])
    expect(traces.line("Patched notes.md").locator(".plus, .minus")).to_have_text(["+1"])
    failed = traces.line("Ran python3")
    expect(failed).to_contain_text("→ exit 1")
    expect(failed).to_contain_text("AssertionError: 3 != 4")
    expect(traces.line("Step 1")).to_contain_text("1,000 → 50")
    expect(traces.line("Read app.py").locator(".context")).to_have_attribute(
        "title", "Added 370 tokens to the context, carried by 3 later requests"
    )


def test_it_opens_a_call_with_its_colours(traces: TracePage, page: Page) -> None:
    traces.line("Ran python3").click()
    expect(traces.detail.locator(".fg-red")).to_have_text("AssertionError: 3 != 4")
    expect(page).to_have_url(re.compile(r"\?call="))
    traces.line("Edited").click()
    expect(traces.detail.locator(".diff .add")).to_contain_text("a + b")
    traces.line("Patched").click()
    expect(traces.detail.locator(".diff span")).to_have_text(["  notes.md", "  @@ -0,0 +1 @@", "+ Mended."])
    traces.line("Step 1").locator(".verb").click()
    expect(traces.detail).to_contain_text("prompt, cached")
    expect(traces.detail).to_contain_text("700")


def test_it_leads_to_the_message_and_back(traces: TracePage, page: Page) -> None:
    traces.line("Read app.py").click()
    traces.detail.get_by_role("link", name="Show in the chat").click()
    expect(page.locator(".message:focus")).to_contain_text("Read app.py")
    message = page.locator(".message.assistant").filter(has_text="Read app.py")
    message.locator("summary").click()
    message.get_by_role("link", name="Show in the traces").click()
    panel = TracePage(page)
    expect(panel.current).to_contain_text("Read app.py")
    expect(panel.detail).to_be_visible()
    page.go_back()
    expect(traces.turns.first).to_be_visible()


def test_it_is_worked_by_keys(traces: TracePage, page: Page) -> None:
    expect(traces.calls).not_to_have_count(0)
    page.wait_for_load_state("networkidle")  # a call that is not loaded yet is no error to go to
    page.get_by_role("treegrid").focus()
    page.keyboard.press("e")
    expect(traces.current).to_contain_text("exit 1")
    page.keyboard.press("ArrowDown")
    expect(traces.current).to_contain_text("Step 3")
    page.keyboard.press("Enter")
    expect(traces.detail).to_contain_text("Tool calls")
    page.keyboard.press("Escape")
    expect(traces.detail).to_be_hidden()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(traces.calls).to_have_count(0)
    page.keyboard.press("Enter")
    expect(traces.calls).not_to_have_count(0)
    page.keyboard.press("Control+,")
    page.keyboard.press("f")
    expect(traces.words).to_be_focused()


def test_it_finds_and_keeps_what_it_looks_for_in_the_address(traces: TracePage, page: Page) -> None:
    traces.words.fill("3 != 4")
    expect(traces.calls).to_have_count(1)
    page.get_by_role("combobox", name="Order").select_option("slowest")
    expect(page).to_have_url(re.compile(r"q=3\+%21%3D\+4&sort=slowest"))
    page.reload()
    expect(traces.calls).to_have_count(1)
    traces.words.fill("no such words at all")
    expect(page.get_by_text("No tool call matches")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(traces.calls).not_to_have_count(0)


def test_it_opens_the_call_that_an_address_names(traces: TracePage, page: Page) -> None:
    traces.line("Edited").click()
    expect(page).to_have_url(re.compile(r"\?call="))
    page.reload()
    expect(traces.detail).to_contain_text("a + b")
    expect(traces.current).to_contain_text("Edited")


def test_it_zooms_into_the_time(traces: TracePage, page: Page) -> None:
    bar = traces.line("Ran python3").locator(".bar").first
    widest = "e => Math.max(...[...e.querySelectorAll('*')].map((part) => part.getBoundingClientRect().width))"
    traces.line("Ran python3").locator(".verb").click()
    expect(traces.detail.get_by_role("heading", name="Output")).to_be_visible()
    # Only now: the detail beside it takes from the list's width. What it goes by begins where the call does.
    axis = traces.page.locator(".of-axis")
    words = axis.inner_text()
    whole = bar.evaluate(widest)
    for _ in range(2):
        axis.get_by_role("button", name="Zoom in").click()
    assert axis.inner_text() != words
    assert bar.evaluate(widest) >= whole * 0.9
    page.locator(".of-axis").get_by_role("button", name="Show the whole turn").click()
    expect(page.get_by_role("button", name="Show the whole turn")).to_have_count(0)


def test_every_control_has_a_name(traces: TracePage, page: Page) -> None:
    traces.line("Ran python3").click()
    expect(traces.detail.get_by_role("heading", name="Output")).to_be_visible()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, a[href], [tabindex="0"]')]
            .filter((e) => e.offsetParent && !e.getAttribute('aria-label') && !e.textContent.trim())
            .filter((e) => !e.labels?.length).map((e) => e.outerHTML)"""
    )
    assert nameless == []


def test_nothing_is_smaller_than_it_can_be_read(traces: TracePage, page: Page) -> None:
    traces.line("Ran python3").click()
    expect(traces.detail.get_by_role("heading", name="Output")).to_be_visible()
    small = page.evaluate(
        """() => [...document.querySelectorAll('.traces *, .totals *')].filter((e) => e.offsetParent
            && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())
            && parseFloat(getComputedStyle(e).fontSize) < 12.9).map((e) => e.outerHTML.slice(0, 100))"""
    )
    assert small == []


def test_its_words_can_be_read_beside_the_chat(session: SessionPage, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Traces of this chat").click()
    line = TracePage(page).line("Ran python3")
    target = line.locator(".target")
    expect(line.locator(".outcome")).to_be_in_viewport(ratio=1)
    expect(target).to_be_in_viewport()
    deadline, words = time.monotonic() + 5, 0
    while words <= 200 and time.monotonic() < deadline:  # a line that is drawn anew at this moment has no width
        words = line.locator(".words").evaluate("e => e.clientWidth")
    assert words > 200, f"{words} px for a command"
    keys = page.locator(".trace-keys")
    assert keys.evaluate("e => e.scrollWidth <= e.clientWidth")
    expect(keys.get_by_text("zoom")).to_be_in_viewport(ratio=1)
