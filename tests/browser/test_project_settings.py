"""What a project lets the agent do, set on the page."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.server import Server


def test_it_saves_them_and_says_what_is_wrong(page: Page, server: Server, tmp_path: Path) -> None:
    project = server.make_project(tmp_path, approval="ask")
    page.goto("/")
    page.get_by_role("button", name=f"Settings of {tmp_path.name}").click()
    page.get_by_label("Commands that do more than read").select_option("read_only")
    check = page.get_by_label("Check after changes")
    check.fill("make 'x")
    check.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("can't be split into words")
    check.fill("make test")
    limit = page.get_by_label("Longest run of a command")
    expect(limit).to_have_value("600")
    limit.fill("1800")
    page.get_by_role("textbox", name="Name").fill("Tea shop")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Tea shop")).to_be_visible()
    saved = server.api("GET", f"/api/projects/{project['id']}")
    assert (saved["approval"], saved["check_command"]) == ("read_only", "make test")
    assert saved["command_limit_s"] == 1800


def test_it_removes_a_project_after_asking_and_leaves_the_folder(page: Page, server: Server, tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    project = server.make_project(tmp_path)
    page.goto("/")
    page.get_by_role("button", name=f"Settings of {tmp_path.name}").click()
    server.make_session(project)
    remove = page.get_by_role("button", name="Remove…")
    place = remove.bounding_box()
    assert place
    remove.dblclick()
    asked = page.get_by_role("dialog", name=f"Remove “{tmp_path.name}”?")
    expect(asked).to_contain_text("1 session with all messages and traces goes")
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2, click_count=2)
    page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    server.api("GET", f"/api/projects/{project['id']}")
    remove.click()
    asked.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("button", name=f"Settings of {tmp_path.name}")).to_have_count(0)
    server.api("GET", f"/api/projects/{project['id']}", expect=404)
    assert (tmp_path / "kept").exists()
    page.get_by_text("Bin (1)").click()
    page.get_by_role("button", name=f"Bring back “{tmp_path.name}”").click()
    expect(page.locator(".session-row").first).to_contain_text("New session")
