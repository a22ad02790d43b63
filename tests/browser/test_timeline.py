"""The timeline beside the chat: look back, take chat and files back, and forth again."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server

SCRIPT = [
    {"tool": "write_file", "args": {"path": "a.txt", "content": "one\n"}},
    {"text": "First."},
    {"step": True},
    {"tool": "write_file", "args": {"path": "a.txt", "content": "two\n"}},
    {"text": "Second."},
]


Script = Callable[[str, Any], str]


def two_turns(page: Page, server: Server, write_script: Script, root: Path) -> SessionPage:
    """A session in which `a.txt` became one, then two; its timeline is open."""
    session = SessionPage.open(page, server, root, write_script("two-turns", SCRIPT))
    for words, answer in (("make it one", "First."), ("make it two", "Second.")):
        session.send(words)
        session.transcript.get_by_text(answer).wait_for()
        expect(session.stop).to_have_count(0)
    page.get_by_role("button", name="Timeline of this chat").click()
    expect(places(page)).to_have_count(3)
    return session


def places(page: Page) -> Locator:
    return page.locator("#timeline .place")


def restore(page: Page, name: str) -> Locator:
    """Ask for it; the dialog, once it tells what would change."""
    page.get_by_role("button", name=f"Restore to “{name}”").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Restore", exact=True)).to_be_enabled()
    return dialog


def test_it_takes_chat_and_files_back_and_forth(
    page: Page, server: Server, write_script: Script, tmp_path: Path
) -> None:
    session = two_turns(page, server, write_script, tmp_path)
    assert "Nothing happened" not in page.locator("#timeline").inner_text()
    tab = page.context.new_page()
    tab.goto(page.url)
    tab.get_by_text("Second.").wait_for()

    dialog = restore(page, "make it one")
    expect(dialog).to_contain_text("4 messages are hidden")
    dialog.locator("summary").filter(has_text="a.txt").click()
    expect(dialog.locator(".add")).to_have_text("+ one")
    dialog.get_by_role("button", name="Restore", exact=True).click()
    expect(session.transcript.get_by_text("Second.")).to_have_count(0)
    expect(session.transcript.get_by_text("First.")).to_be_visible()
    expect(tab.get_by_text("Second.")).to_have_count(0)
    assert (tmp_path / "a.txt").read_text() == "one\n"

    page.get_by_role("button", name="Undo", exact=True).click()
    expect(session.transcript.get_by_text("Second.")).to_be_visible()
    expect(tab.get_by_text("Second.")).to_be_visible()
    assert (tmp_path / "a.txt").read_text() == "two\n"
    expect(places(page).last).to_contain_text("Restore undone")


def test_it_keeps_what_the_person_changed_unless_they_tick_it(
    page: Page, server: Server, write_script: Script, tmp_path: Path
) -> None:
    two_turns(page, server, write_script, tmp_path)
    (tmp_path / "a.txt").write_text("mine\n")
    dialog = restore(page, "make it one")
    expect(dialog).to_contain_text("1 file changed since, and not by this chat")
    dialog.get_by_role("button", name="Restore", exact=True).click()
    expect(dialog).to_have_count(0)
    assert (tmp_path / "a.txt").read_text() == "mine\n"
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("button", name="Redo")).to_be_visible()
    dialog = restore(page, "make it one")
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Restore", exact=True).click()
    expect(dialog).to_have_count(0)
    assert (tmp_path / "a.txt").read_text() == "one\n"


def test_it_shows_what_a_place_was_and_which_one_is_read(
    page: Page, server: Server, write_script: Script, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 1280, "height": 480})
    session = two_turns(page, server, write_script, tmp_path)
    expect(places(page).nth(2)).to_have_attribute("aria-current", "true")
    places(page).nth(1).get_by_role("button", name="make it one").first.click()
    expect(session.transcript.get_by_text("make it one")).to_be_in_viewport()
    expect(places(page).nth(1)).to_have_attribute("aria-current", "true")
    places(page).nth(2).locator(".place-go").hover()
    preview = page.get_by_role("tooltip")
    expect(preview).to_contain_text("make it two")
    expect(preview).to_contain_text("Second.")
    expect(preview).to_contain_text("write_file")
    page.mouse.move(5, 5)
    expect(preview).to_be_hidden()
    places(page).nth(2).locator(".place-go").focus()
    page.keyboard.press("ArrowUp")
    expect(places(page).nth(1).locator(".place-go")).to_be_focused()
    expect(preview).to_contain_text("make it one")


def test_a_file_has_a_history_and_comes_back_alone(
    page: Page, server: Server, write_script: Script, tmp_path: Path
) -> None:
    session = two_turns(page, server, write_script, tmp_path)
    places(page).nth(2).get_by_role("button", name="1 file").click()
    page.get_by_role("list", name="Changed files").get_by_role("button", name="a.txt").click()
    history = page.get_by_role("dialog")
    versions = history.get_by_role("listitem")
    expect(versions).to_have_count(2)
    expect(versions.nth(1)).to_contain_text("make it one")
    expect(versions.nth(1).get_by_role("link", name="write_file")).to_have_attribute("href", re.compile("call="))
    versions.nth(1).get_by_text("What it was").click()
    expect(versions.nth(1).locator(".add")).to_have_text("+ one")
    versions.nth(1).get_by_role("button", name="Restore…").click()
    dialog = page.get_by_role("dialog", name="Restore a.txt as of “make it one”?")
    dialog.get_by_role("button", name="Restore", exact=True).click()
    expect(places(page).last).to_contain_text("Restored a.txt")
    assert (tmp_path / "a.txt").read_text() == "one\n"
    expect(session.transcript.get_by_text("Second.")).to_be_visible()


def test_it_and_the_traces_take_turns_beside_the_chat(page: Page, server: Server, tmp_path: Path) -> None:
    session = SessionPage.open(page, server, tmp_path, "scripted:demo")
    timeline, traces = page.locator("#timeline"), page.locator("#panel")
    page.get_by_role("button", name="Traces of this chat").click()
    expect(traces).to_be_visible()
    page.reload()
    session.wait_until_live()
    page.get_by_role("button", name="Timeline of this chat").click()
    expect(timeline).to_be_visible()
    expect(traces).to_be_hidden()
    page.get_by_role("button", name="Traces of this chat").click()
    expect(traces).to_be_visible()
    expect(timeline).to_be_hidden()


def test_a_running_turn_is_in_the_way_and_can_be_stopped(
    page: Page, server: Server, write_script: Script, tmp_path: Path
) -> None:
    script = [*SCRIPT[:3], {"wait_s": 60}, {"text": "never"}]
    session = SessionPage.open(page, server, tmp_path, write_script("one-turn", script))
    session.send("make it one")
    session.transcript.get_by_text("First.").wait_for()
    expect(session.stop).to_have_count(0)
    session.send("wait for it")
    expect(session.stop).to_be_visible()
    page.get_by_role("button", name="Timeline of this chat").click()
    expect(places(page).last).to_contain_text("wait for it")
    page.get_by_role("button", name="Restore to “The beginning”").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("Stop it first")
    dialog.get_by_role("button", name="Stop that turn").click()
    dialog.get_by_role("button", name="Restore", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(session.transcript.get_by_text("First.")).to_have_count(0)
    assert not (tmp_path / "a.txt").exists()


def test_an_empty_timeline_says_what_it_is_for(page: Page, server: Server, tmp_path: Path) -> None:
    modules: list[str] = []
    page.on("request", lambda request: modules.append(request.url) if "/static/js/" in request.url else None)
    SessionPage.open(page, server, tmp_path, "scripted:demo")
    page.get_by_role("button", name="Timeline of this chat").click()
    expect(page.locator("#timeline")).to_contain_text("Each turn will be a place to come back to")
    page.get_by_role("link", name="Whole page").click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text("Nothing happened in this chat yet")
    # A module under its plain name would be loaded beside its hashed self, and never be cached.
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", module) for module in modules), modules
