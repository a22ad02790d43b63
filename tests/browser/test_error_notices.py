"""What goes wrong at the server and belongs to no message is named on the page, until the person has read it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.session_page import SessionPage
from tests.server import Server

Script = Callable[[str, Any], str]


def test_it_shows_what_the_server_complains_of_until_it_is_dismissed(
    page: Page, server: Server, write_script: Script, tmp_path: Path
) -> None:
    sockets: list[WebSocketRoute] = []
    page.route_web_socket("**/api/ws/sessions/*", lambda socket: sockets.append(socket.connect_to_server()))
    session = SessionPage.open(page, server, tmp_path, write_script("calm", [{"text": "Fine."}]))
    problems = page.get_by_role("status", name="Problems")
    expect(problems).to_be_empty()

    sockets[-1].send("this is no JSON")
    notice = problems.locator(".parcel")
    expect(notice).to_have_count(1)
    expect(notice).to_contain_text("JSON")
    sockets[-1].send("this neither")
    sockets[-1].send('{"type": "unheard of"}')
    expect(notice).to_have_count(2)

    session.send("Go on")
    expect(session.transcript).to_contain_text("Fine.")
    notice.first.get_by_role("button", name="Dismiss").click()
    notice.first.get_by_role("button", name="Dismiss").click()
    expect(problems).to_be_empty()


def test_it_leaves_a_failed_answer_to_the_answer(
    page: Page, server: Server, write_script: Script, tmp_path: Path
) -> None:
    session = SessionPage.open(
        page,
        server,
        tmp_path,
        write_script("fails", [{"error": {"reason": "overloaded", "message": "The model is away."}}]),
    )
    session.send("Hello?")
    expect(session.transcript.locator(".fault")).to_contain_text("The model is away.")
    expect(page.get_by_role("status", name="Problems")).to_be_empty()
