"""The whole story: log in, make the sample, ask, watch, and find the folder changed."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server


@pytest.fixture
def server(serve: Callable[..., Server], tmp_path: Path) -> Server:
    return serve(BOOCODE_ALLOWED_ROOTS=str(tmp_path))


def test_it_repairs_the_sample_before_ones_eyes(page: Page, tmp_path: Path) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("A coding agent you can watch")
    page.get_by_role("button", name="Create the sample project").click()
    session = SessionPage(page)
    expect(session.field).to_have_value(re.compile("tests of this project fail"))
    session.wait_until_live()

    session.field.press("Enter")
    session.allow()
    expect(session.call("Ran python3 -m unittest → exit 1")).to_have_class("call failed")
    page.reload()
    session.wait_until_live()
    session.allow()
    expect(session.call("Edited pricing.py +1 \N{MINUS SIGN}1")).to_be_visible()
    expect(session.call("Ran python3 -m unittest → exit 0")).to_be_visible()
    expect(session.ends).to_contain_text("9 tool calls")
    expect(session.transcript.locator("pre .hljs-addition")).to_contain_text("quantity >= packets")

    assert "quantity >= packets" in (tmp_path / "boocode-sample" / "pricing.py").read_text()
    live = session.transcript.inner_text()
    page.reload()
    expect(session.ends).to_be_visible()
    assert session.transcript.inner_text() == live


def test_it_opens_a_call_to_its_change_and_result(page: Page) -> None:
    page.get_by_role("button", name="Create the sample project").click()
    session = SessionPage(page)
    session.wait_until_live()
    session.field.press("Enter")
    session.allow()
    session.allow()
    expect(session.ends).to_be_visible(timeout=30_000)
    edit = session.call("Edited pricing.py")
    edit.locator("summary").click()
    expect(edit.locator(".diff .del")).to_contain_text("quantity > packets")
    expect(edit.locator(".diff .add")).to_contain_text("quantity >= packets")
    failed = session.call("exit 1")
    failed.locator("summary").click()
    failed.get_by_role("button", name=re.compile(r"Show all \d+ lines")).click()
    expect(failed.locator("pre").last).to_contain_text("FAILED (failures=")
