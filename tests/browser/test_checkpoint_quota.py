"""The disk that a project's checkpoints take, in its settings."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server


def test_it_is_shown_and_can_be_changed(page: Page, server: Server, tmp_path: Path) -> None:
    session = SessionPage.open(page, server, tmp_path, "scripted:demo")
    settings = page.get_by_role("button", name="Settings of").first
    dialog = page.get_by_role("dialog")
    quota = dialog.get_by_label("Disk for checkpoints, in MB")
    settings.click()
    expect(dialog).to_contain_text("0 MB taken by 0 checkpoints")
    expect(quota).to_have_attribute("placeholder", "2048")
    quota.fill("300")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    page.reload()
    session.wait_until_live()
    settings.click()
    expect(quota).to_have_value("300")
    quota.fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    settings.click()
    expect(quota).to_have_value("")
