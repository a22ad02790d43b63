"""The one-time link leads into the product, for one visit."""

from playwright.sync_api import Page

from tests.server import Server


def test_it_logs_in_through_the_link(page: Page, server: Server) -> None:
    page.goto("/")
    assert page.url == f"{server.url}/"


def test_it_sends_a_stranger_to_the_login_page(visitor: Page, server: Server) -> None:
    visitor.goto("/")
    assert visitor.url.startswith(f"{server.url}/login")


def test_it_lets_nobody_in_twice_through_one_link(page: Page, visitor: Page, server: Server) -> None:
    page.context.clear_cookies()
    visitor.goto(server.login_link)
    assert visitor.url.startswith(f"{server.url}/login")
