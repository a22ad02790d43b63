"""Output is shown whole, by lines, and does nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Dialog, Page, Request, expect

from tests.browser.session_page import SessionPage
from tests.browser.trace_page import TracePage
from tests.server import Server

HOSTILE = (
    b'<img src=x onerror="alert(1)"><script>alert(2)</script>\n'
    b"\x1b]0;title\x07\x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x1b[31mred\x1b[0m \x1b[8mhidden\x1b[0m\n"
    b"\xff\xfe no utf-8 \x00\x08\n" + "a\u202eb\u2028c\n".encode()
)


def opened(page: Page, server: Server, tmp_path: Path, model: str) -> TracePage:
    session = SessionPage.open(page, server, tmp_path, model)
    session.send("go")
    expect(session.ends).to_be_visible()
    traces = TracePage.open(page, page.url.partition("?")[0] + "/traces")
    traces.calls.first.click()
    expect(traces.detail.locator(".out-line").first).to_be_visible()
    return traces


def test_it_shows_hostile_output_and_does_nothing_of_it(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    (tmp_path / "evil").write_bytes(HOSTILE)
    (tmp_path / "<b>x").write_text("x")
    command = ["cat", "evil", "<b>x\u202e<img src=x onerror=alert(3)>"]
    asked: list[str] = []
    dialogs: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((server.url, server.url.replace("http", "ws"))):
            asked.append(request.url)

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("request", note)
    page.on("dialog", refuse)
    script = [{"tool": "run_command", "args": {"command": command}}, {"text": "Read."}]
    traces = opened(page, server, tmp_path, write_script("evil", script))
    lines = traces.detail.locator(".out-line .text")
    expect(lines.nth(0)).to_have_text('<img src=x onerror="alert(1)"><script>alert(2)</script>')
    expect(lines.nth(1)).to_have_text("link red hidden")
    expect(lines.nth(2)).to_contain_text("no utf-8")
    expect(lines.nth(3)).to_have_text("a⟨U+202E⟩b⏎c")
    expect(page.locator(".traces :is(img, script, a[href*=evil])")).to_have_count(0)
    assert (asked, dialogs) == ([], [])


def test_it_shows_all_of_a_long_output_and_searches_it(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    (tmp_path / "long").write_text("".join(f"line {number}\n" for number in range(1, 20_001)))
    script = [{"tool": "run_command", "args": {"command": ["cat", "long"]}}, {"text": "Read."}]
    traces = opened(page, server, tmp_path, write_script("long", script))
    traces.detail.get_by_role("button", name="Show all").click()
    expect(traces.detail).to_contain_text("20,000 lines")
    assert traces.detail.locator(".out-line").count() < 150
    traces.detail.get_by_role("searchbox", name="Search the output").fill("line 19999")
    here = traces.detail.locator(".out-line.here")
    expect(here).to_contain_text("19999")
    expect(here.locator(".out-number")).to_have_text("19999")
