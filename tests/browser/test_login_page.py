"""Ways in, and what a closed one says."""

from playwright.sync_api import Page, expect

from tests.server import Server


def test_it_says_what_to_do_about_a_used_link(visitor: Page, server: Server) -> None:
    visitor.goto(server.login_link)
    visitor.context.clear_cookies()
    visitor.goto(server.login_link)
    expect(visitor.get_by_role("heading", level=1)).to_have_text("This login link does not work any more")
    expect(visitor.get_by_text("manage.py loginlink")).to_be_visible()


def test_it_takes_a_person_back_to_where_they_wanted_to_go(visitor: Page, server: Server) -> None:
    server.manage(
        "shell",
        "-c",
        "from django.contrib.auth.models import User as U; U.objects.create_user('ann', password='a b c d e f')",
    )
    visitor.goto("/?from=here")
    visitor.get_by_label("User").fill("ann")
    visitor.get_by_label("Password").fill("wrong")
    visitor.get_by_role("button", name="Log in").click()
    expect(visitor.get_by_role("alert")).to_contain_text("correct username and password")
    visitor.get_by_label("Password").fill("a b c d e f")
    visitor.get_by_role("button", name="Log in").click()
    expect(visitor).to_have_url(f"{server.url}/?from=here")
