"""What the person writes is theirs until the server has it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server

WriteScript = Callable[[str, Any], str]


def test_it_breaks_the_line_with_shift_and_keeps_the_draft(
    page: Page, server: Server, tmp_path: Path, write_script: WriteScript
) -> None:
    session = SessionPage.open(page, server, tmp_path, write_script("short", [{"text": "Done."}]))
    session.field.press_sequentially("one")
    session.field.press("Shift+Enter")
    session.field.press_sequentially("two")
    page.reload()
    expect(session.field).to_have_value("one\ntwo")


def test_it_shows_no_welcome_where_there_are_messages(
    page: Page, server: Server, tmp_path: Path, write_script: WriteScript
) -> None:
    session = SessionPage.open(page, server, tmp_path, write_script("short", [{"text": "Done."}]))
    expect(page.locator(".welcome")).to_be_visible()
    session.send("hello")
    expect(session.ends).to_be_visible()
    page.add_init_script(
        """addEventListener('DOMContentLoaded', () => { const seen = window.seen = new Set();
        new MutationObserver(() => { for (const name of ['welcome', 'skeleton'])
          if (document.querySelector(`.${name}`)) seen.add(name); }).observe(
            document.body, {childList: true, subtree: true});
        });"""
    )
    page.reload()
    expect(session.transcript).to_contain_text("Done.")
    assert page.evaluate("[...seen]") == ["skeleton"]
    expect(page.locator(".skeleton")).to_have_count(0)


def test_nothing_flashes_when_a_message_is_sent(
    page: Page, server: Server, tmp_path: Path, write_script: WriteScript
) -> None:
    script = [{"text": "First."}, {"step": True}, {"text": "Second."}]
    session = SessionPage.open(page, server, tmp_path, write_script("flashing", script))
    page.evaluate(
        """() => { window.seen = []; new MutationObserver(() => seen.push(
        document.querySelector('#transcript').innerText,
        document.querySelector('#now:not([hidden])')?.innerText ?? '')).observe(document.body,
        {childList: true, subtree: true, characterData: true, attributes: true}); }"""
    )
    for count, words in enumerate(("one", "two"), start=1):
        session.send(words)
        expect(session.ends).to_have_count(count)
    seen = "\n".join(page.evaluate("seen"))
    assert "Stopped before it began" not in seen
    assert seen.count("First.") > 0
    assert "Second.\nStarting" not in seen


def test_it_stops_the_turn_with_escape(page: Page, server: Server, tmp_path: Path, write_script: WriteScript) -> None:
    script = [{"text": "Let me wait."}, {"tool": "run_command", "args": {"command": ["sleep", "25"]}}]
    session = SessionPage.open(page, server, tmp_path, write_script("sleepy", script))
    session.send("wait")
    expect(session.call("Running sleep 25")).to_be_visible()
    expect(page.locator("#now")).to_contain_text("Running sleep 25")
    session.field.press("Escape")
    expect(session.stop).to_be_hidden()
    expect(session.call("→ stopped")).to_be_visible()


def test_it_says_of_a_message_that_its_turn_never_began(
    page: Page, server: Server, tmp_path: Path, write_script: WriteScript
) -> None:
    script = [{"tool": "run_command", "args": {"command": ["sleep", "25"]}}, {"text": "Done."}]
    session = SessionPage.open(page, server, tmp_path, write_script("sleepy-first", script))
    session.send("wait")
    expect(session.call("Running sleep 25")).to_be_visible()
    session.send("and then")
    expect(session.transcript.get_by_text("Waits for the turn before it to end")).to_be_visible()
    session.field.press("Escape")
    never = session.ends.filter(has_text="Stopped before it began")
    expect(never).to_be_visible(timeout=20_000)
    page.reload()
    never.get_by_role("button", name="Ask again").click()
    expect(session.transcript.get_by_text("and then")).to_have_count(2)


def test_it_keeps_the_message_while_the_network_is_away(
    page: Page, server: Server, tmp_path: Path, write_script: WriteScript
) -> None:
    session = SessionPage.open(page, server, tmp_path, write_script("short", [{"text": "Got it."}]))
    page.route("**/api/chats/*/messages", lambda route: route.abort())
    session.send("do not lose me")
    parcel = page.locator(".parcel")
    expect(parcel).to_contain_text("do not lose me")
    page.reload()
    expect(parcel).to_contain_text("do not lose me")
    page.unroute("**/api/chats/*/messages")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(session.transcript).to_contain_text("Got it.")
    expect(session.transcript.get_by_text("do not lose me")).to_have_count(1)
    expect(parcel).to_have_count(0)


def test_it_tries_a_failed_message_again(page: Page, server: Server, tmp_path: Path, write_script: WriteScript) -> None:
    session = SessionPage.open(page, server, tmp_path, write_script("short", [{"text": "Got it."}]))
    page.route("**/api/chats/*/messages", lambda route: route.fulfill(status=403))
    session.send("do not lose me")
    parcel = page.locator(".parcel")
    expect(parcel).to_contain_text("You are signed out")
    page.unroute("**/api/chats/*/messages")
    parcel.get_by_role("button", name="Try again").click()
    expect(session.transcript).to_contain_text("Got it.")
    expect(session.transcript.get_by_text("do not lose me")).to_have_count(1)
    expect(parcel).to_have_count(0)


def test_it_gives_a_refused_message_back(page: Page, server: Server, tmp_path: Path, write_script: WriteScript) -> None:
    session = SessionPage.open(page, server, tmp_path, write_script("short", [{"text": "Done."}]))
    session.send("x" * 300_000)
    expect(page.get_by_role("alert")).to_contain_text("256 KB are allowed")
    expect(page.get_by_role("button", name="Edit")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Edit").click()
    expect(session.field).to_have_value("x" * 300_000)


def test_it_says_that_a_message_waits_for_the_running_turn(
    page: Page, server: Server, tmp_path: Path, write_script: WriteScript
) -> None:
    script = [{"text": "First. "}, {"wait_s": 2}, {"text": "Still first."}, {"step": True}, {"text": "Second."}]
    session = SessionPage.open(page, server, tmp_path, write_script("two", script))
    session.send("one")
    expect(session.transcript).to_contain_text("First.")
    expect(page.get_by_role("button", name="Queue")).to_be_visible()
    session.send("two")
    expect(session.transcript.get_by_text("Waits for the turn before it to end")).to_be_visible()
    expect(session.ends).to_have_count(2)
    turns = session.transcript.locator(".turn")
    expect(turns.nth(0)).to_contain_text("Still first.")
    expect(turns.nth(1)).to_contain_text("Second.")


def test_it_leaves_out_the_check_for_one_message(
    page: Page, server: Server, tmp_path: Path, write_script: WriteScript
) -> None:
    (tmp_path / "app.py").write_text("x = 1\n")
    session = SessionPage.open(page, server, tmp_path, write_script("short", [{"text": "Done."}]))
    toggle = page.get_by_role("button", name="Check after changes")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    toggle.click()
    with page.expect_request("**/messages") as quick:
        session.send("quick")
    assert '"auto_fix":false' in str(quick.value.post_data)
    expect(toggle).to_have_attribute("aria-pressed", "true")
    with page.expect_request("**/messages") as usual:
        session.send("usual")
    assert "auto_fix" not in str(usual.value.post_data)
    (tmp_path / "app.py").unlink()
    page.reload()
    session.wait_until_live()
    expect(toggle).to_have_count(0)
