"""A call that waits asks on the page, and takes its answer by mouse and by key."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server


@pytest.fixture
def session(page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]) -> SessionPage:
    """A project that asks, and an agent that makes a folder twice."""
    call = {"tool": "run_command", "args": {"command": ["mkdir", "-p", "made"]}}
    model = write_script("maker", [call, {"text": "And again."}, call, {"text": "Done."}])
    opened = SessionPage.open(page, server, tmp_path, model, approval="ask")
    opened.send("make it")
    expect(opened.asking).to_be_visible()
    return opened


def test_it_runs_nothing_before_the_person_allows_it(session: SessionPage, page: Page, tmp_path: Path) -> None:
    expect(session.call("Wants to run mkdir -p made")).to_be_visible()
    expect(page).to_have_title(r"Needs you: make it · BooCode")
    page.reload()
    expect(session.asking).to_be_visible()
    assert not (tmp_path / "made").exists()
    session.allow()
    expect(session.call("Ran mkdir -p made → exit 0")).to_be_visible()
    assert (tmp_path / "made").is_dir()
    expect(session.asking).to_be_visible()  # allowed once


def test_it_does_not_ask_again_for_what_is_always_allowed(session: SessionPage, page: Page) -> None:
    session.go_to_question()
    page.keyboard.press("Shift+A")
    page.keyboard.press("Enter")
    expect(session.ends).to_be_visible()
    expect(session.call("Ran mkdir")).to_have_count(2)


def test_a_command_of_several_lines_is_not_asked_for_again_either(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    call = {"tool": "run_command", "args": {"command": ["python3", "-c", "import sys\nprint('several lines')"]}}
    model = write_script("lines", [call, {"text": "And again."}, call, {"text": "Done."}])
    session = SessionPage.open(page, server, tmp_path, model, approval="ask")
    session.send("run it")
    session.asking.get_by_role("button", name="Always allow").click()
    session.asking.get_by_role("button", name="Always allow").click()
    expect(session.ends).to_be_visible()
    expect(session.call("Ran python3")).to_have_count(2)


def test_it_tells_the_agent_why_not(session: SessionPage, page: Page, server: Server, tmp_path: Path) -> None:
    session.go_to_question()
    page.keyboard.press("d")
    page.keyboard.type("use src")
    page.keyboard.press("Enter")
    expect(session.call("Wanted to run mkdir -p made → denied")).to_be_visible()
    results = [message["tool_results"] for message in server.messages(page.url.rpartition("/")[2].partition("?")[0])]
    assert any("use src" in result["output"] for result in results if result)
    assert not (tmp_path / "made").exists()


def test_it_allows_what_a_pattern_covers_and_lists_it_with_the_project(session: SessionPage, page: Page) -> None:
    session.asking.get_by_role("button", name="Always allow").click()
    pattern = session.asking.get_by_label("Calls to allow from now on")
    expect(pattern).to_have_value("mkdir -p made")
    pattern.fill("mkdir **")
    pattern.press("Enter")
    expect(session.ends).to_be_visible()
    page.get_by_role("button", name="Settings of").click()
    page.get_by_role("button", name="Delete the rule: Allow command mkdir **").click()
    expect(page.get_by_text("No rules yet.")).to_be_visible()


def test_it_reaches_the_question_from_the_message_field(session: SessionPage, page: Page) -> None:
    session.go_to_question()
    page.keyboard.press("a")
    expect(session.call("Ran mkdir -p made → exit 0")).to_be_visible()


@pytest.mark.parametrize("focus", ["field", "body", "summary", "panel"])
def test_what_is_typed_after_an_answer_decides_nothing(session: SessionPage, page: Page, focus: str) -> None:
    if focus == "panel":
        page.keyboard.press("Control+,")
        page.keyboard.press("t")
        expect(page.get_by_role("treegrid")).to_be_focused()
    session.asking.get_by_role("button", name="Allow once").click()
    expect(session.call("Ran mkdir -p made → exit 0")).to_be_visible()
    expect(session.field).to_be_focused()
    expect(session.asking).to_be_visible()
    if focus == "body":
        session.field.blur()
    elif focus == "summary":
        session.call("Ran mkdir").locator("summary").focus()
    elif focus == "panel":
        page.get_by_role("treegrid").focus()
    words = "please add a test for that, dAd/? t"
    page.keyboard.type(words, delay=20)
    expect(session.field).to_have_value(words)
    page.wait_for_timeout(700)
    session.field.blur()
    page.keyboard.type("aAd")
    expect(session.field).to_have_value(words + "aAd")
    expect(session.asking.get_by_role("button", name="Allow once")).to_be_enabled()
    expect(session.call("Ran mkdir")).to_have_count(1)


def test_a_question_that_gets_the_focus_by_itself_takes_no_letter_at_once(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    calls = [{"tool": "run_command", "args": {"command": ["mkdir", name]}} for name in ("one", "two", "three")]
    model = write_script("three", [*calls, {"text": "Done."}])
    session = SessionPage.open(page, server, tmp_path, model, approval="ask")
    session.send("make them")
    session.go_to_question()
    page.keyboard.type("aaaa")
    expect(session.call("Ran mkdir")).to_have_count(1)
    page.wait_for_timeout(700)
    assert [(tmp_path / name).exists() for name in ("one", "two", "three")] == [True, False, False]


def test_it_begins_a_new_turn_after_a_question_that_was_stopped(session: SessionPage, page: Page) -> None:
    session.field.press("Escape")
    expect(session.call("Wanted to run mkdir -p made → stopped")).to_be_visible()
    session.send("go on")
    turns = session.transcript.locator(".turn")
    expect(turns.nth(1)).to_contain_text("And again.")
    expect(session.transcript.get_by_text("Waits for the turn")).to_have_count(0)
    page.reload()
    expect(turns.nth(1)).to_contain_text("And again.")


def test_it_shows_what_a_change_would_do_to_the_file(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    (tmp_path / "notes.txt").write_text("one\ntwo\n")
    write = {"tool": "write_file", "args": {"path": "notes.txt", "content": "one\n2\n"}}
    project = server.make_project(tmp_path)
    server.api("POST", f"/api/projects/{project['id']}/rules", {"tool": "write_file", "pattern": "*", "verdict": "ask"})
    made = server.make_session(project, model=write_script("rewriter", [write, {"text": "Done."}]))
    page.goto(f"/sessions/{made['id']}")
    session = SessionPage(page)
    session.wait_until_live()
    session.send("write it")
    session.asking.wait_for()
    for _ in range(2):
        expect(session.transcript.locator("pre.diff span")).to_have_text(
            ["notes.txt", "@@ -1,2 +1,2 @@", "  one", "\u2212 two", "+ 2"]
        )
        page.reload()
        session.asking.wait_for()
    session.allow()
    expect(session.call("Wrote notes.txt +1 \u22121")).to_be_visible()


def test_the_check_asks_too_and_the_turn_says_how_it_ended(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    """The check is no call of the model's, and has to be answered all the same."""
    (tmp_path / "Makefile").write_text("check:\n\t@! grep -n broken a.txt | sed 's/^/a.txt:/' | grep .\n")
    write = [{"tool": "write_file", "args": {"path": "a.txt", "content": text}} for text in ("broken: it\n", "fine\n")]
    script = [write[0], {"text": "Written."}, {"step": True}, write[1], {"text": "Mended."}]
    session = SessionPage.open(page, server, tmp_path, write_script("checked", script), approval="ask")
    session.send("make it")
    expect(session.call("Wants to check with make check before the first change")).to_be_visible()
    page.reload()
    session.go_to_question()
    page.keyboard.press("a")
    expect(session.transcript.get_by_text("the agent mends it, attempt 1 of 3")).to_be_visible()
    expect(session.ends).to_contain_text("Check passed: make check")
    expect(session.call("Checked with make check")).to_have_count(3)
    page.reload()
    expect(session.ends).to_contain_text("Check passed: make check")
    expect(session.call("Checked with make check")).to_have_count(3)
