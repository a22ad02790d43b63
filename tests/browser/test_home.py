"""Folders, sessions, and what is said when one of them can't be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.server import Server


def test_it_opens_a_folder(page: Page, tmp_path: Path) -> None:
    page.get_by_label("Folder on the machine").fill(str(tmp_path))
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_label("Message to the agent")).to_be_focused()
    expect(page.locator(".head .where")).to_have_text(tmp_path.name)


def test_it_completes_the_path_that_is_typed(page: Page, tmp_path: Path) -> None:
    for name in ("shop", "shoes", "tea"):
        (tmp_path / name).mkdir()
    page.get_by_label("Folder on the machine").press_sequentially(f"{tmp_path}/sh")
    options = page.locator("#folders option")
    expect(options.first).to_have_attribute("value", f"{tmp_path}/shoes")
    expect(options.nth(1)).to_have_attribute("value", f"{tmp_path}/shop")
    expect(options).to_have_count(2)


def test_it_says_why_a_folder_cannot_be_opened_and_keeps_the_path(page: Page, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    reasons = {
        str(tmp_path / "missing"): "There is no folder",
        str(tmp_path / "a file"): "is a file",
        "/": "is outside the folders",
        "here": "is no absolute path",
    }
    for path, reason in reasons.items():
        field = page.get_by_label("Folder on the machine")
        field.fill(path)
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(reason)
        expect(page.get_by_label("Folder on the machine")).to_have_value(path)


def test_it_tells_what_becomes_of_a_session_as_it_happens(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    model = write_script("asks", [{"tool": "run_command", "args": {"command": ["mkdir", "made"]}}, {"text": "Made."}])
    project = server.make_project(tmp_path)
    page.goto("/")
    expect(page.get_by_text("No session yet")).to_be_visible()
    session = server.make_session(project, model=model)
    row = page.locator(".session-row")
    expect(row).to_contain_text("New session")

    server.send(session["chats"][0]["id"], "Make a folder")
    expect(row).to_contain_text("needs you")
    expect(row).to_contain_text("Make a folder")
    server.api("POST", f"/api/chats/{session['chats'][0]['id']}/cancellation", {})
    expect(row).not_to_contain_text("needs you")


def test_it_shows_what_happened_before_it_listened(page: Page, server: Server, tmp_path: Path) -> None:
    project = server.make_project(tmp_path)

    def connect(route: WebSocketRoute) -> None:
        server.make_session(project)
        route.connect_to_server()

    page.route_web_socket("**/api/ws/user", connect)
    page.goto("/")
    expect(page.locator(".session-row")).to_have_count(1)


def test_it_keeps_the_focus_where_it_is_while_the_list_changes(page: Page, server: Server, tmp_path: Path) -> None:
    project = server.make_project(tmp_path)
    page.goto("/")
    button = page.get_by_role("button", name="New session", exact=True)
    button.focus()
    server.make_session(project)
    expect(page.locator(".session-row")).to_have_count(1)
    expect(button).to_be_focused()


def test_nothing_changes_its_place_while_one_looks_at_it(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    model = write_script("short", [{"repeat": 9, "of": [{"text": "Done."}, {"step": True}]}])
    project = server.make_project(tmp_path)
    first, second = (server.make_session(project, model=model) for _ in range(2))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/projects/list" in request.url else None)
    page.goto("/")
    rows = page.locator(".session-row")
    expect(rows).to_have_count(2)
    page.wait_for_timeout(800)
    before = len(asked)
    order = rows.evaluate_all("rows => rows.map((row) => row.dataset.session)")
    for session in (first, second, first):
        server.send(session["chats"][0]["id"], "Hello")
        expect(rows.locator(".dot.idle")).to_have_count(2)
        page.wait_for_timeout(300)
    assert rows.evaluate_all("rows => rows.map((row) => row.dataset.session)") == order
    expect(rows.locator(".name")).to_have_text(["Hello", "Hello"])
    assert len(asked) == before
    third = server.make_session(project, model=model)
    expect(rows).to_have_count(3)
    assert rows.evaluate_all("rows => rows.map((row) => row.dataset.session)") == [third["id"], *order]


def test_it_renames_and_deletes_a_session_after_asking(page: Page, server: Server, tmp_path: Path) -> None:
    server.open_session(tmp_path, "scripted:demo")
    page.goto("/")
    page.get_by_role("button", name="Rename “New session”").click()
    page.get_by_role("textbox", name="Name").fill("<b>Tea</b>")
    page.get_by_role("button", name="Rename", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.reload()
    expect(page.locator(".session-row .name")).to_have_text("<b>Tea</b>")

    page.get_by_role("button", name="Delete “<b>Tea</b>”").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator(".session-row")).to_have_count(1)
    page.get_by_role("button", name="Delete “<b>Tea</b>”").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("No session yet")).to_be_visible()
    page.reload()
    page.get_by_text("Bin (1)").click()
    page.get_by_role("button", name="Bring back “<b>Tea</b>”").click()
    expect(page.get_by_role("status")).to_contain_text("“<b>Tea</b>” is back.")
    expect(page.locator(".session-row .name")).to_have_text("<b>Tea</b>")
