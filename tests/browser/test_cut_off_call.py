"""A command that the server's death cut off: the person sees what it may have done, and decides."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server

COMMAND = {"tool": "run_command", "args": {"command": ["sh", "-c", "echo once >> made.txt; sleep 61.3"]}}
SCRIPT = [COMMAND, {"text": "I was told."}, {"step": True}, {"text": "I look first."}]


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    """Soon taken for dead, also where several processes could share its database."""
    return serve(BOOCODE_LEASE_S="4")


def cut_off(page: Page, server: Server, model: str, root: Path) -> tuple[SessionPage, Locator]:
    """A session whose server was killed while a command ran, and started again; and what asks about the command."""
    session = SessionPage.open(page, server, root, model)
    session.send("Do it")
    session.call("Running sh").wait_for()
    while not (root / "made.txt").exists():
        page.wait_for_timeout(20)
    server.kill()
    server.start()
    session.transcript.get_by_text("I was told.").wait_for(timeout=60_000)
    return session, page.get_by_role("group", name="This call may have run")


def test_it_shows_what_changed_and_can_be_skipped(
    page: Page, server: Server, write_script: Callable[[str, Any], str], tmp_path: Path
) -> None:
    session, card = cut_off(page, server, write_script("cut-off", SCRIPT), tmp_path)
    expect(card).to_contain_text("It may have run")
    expect(card).to_contain_text("made.txt")
    card.get_by_role("button", name="Skip").click()
    expect(card).to_contain_text("You let it be.")
    page.reload()
    session.wait_until_live()
    expect(card).to_contain_text("You let it be.")
    expect(card.get_by_role("button")).to_have_count(0)
    assert (tmp_path / "made.txt").read_text() == "once\n"


def test_it_can_be_run_again(
    page: Page, server: Server, write_script: Callable[[str, Any], str], tmp_path: Path
) -> None:
    session, card = cut_off(page, server, write_script("cut-off", SCRIPT), tmp_path)
    card.get_by_role("button", name="Run again").click()
    expect(card).to_contain_text("You had it run again.")
    session.transcript.get_by_text("I look first.").wait_for()
    expect(session.transcript).to_contain_text("run it again")
