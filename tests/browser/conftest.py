"""Pages for the browser tests. They run apart from the others: Playwright's own event loop rules out async tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chromium import launch_flags, system_chromium
from tests.server import Server

# Three browsers and their servers at once, on two cores that others may use as well.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium where there is one, else Playwright's own."""
    return {**browser_type_launch_args, "executable_path": system_chromium(), "args": launch_flags()}


@pytest.fixture
def context(new_context: Callable[..., BrowserContext], server: Server) -> BrowserContext:
    """A fresh browser profile; `page.goto("/…")` goes to the test's own server."""
    context = new_context(base_url=server.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    return context


@pytest.fixture
def visitor(context: BrowserContext) -> Iterator[Page]:
    """A page that is not logged in. The test fails on an uncaught error, on what the CSP refused, and on a file of the
    page's own that is not there."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    page.on("response", lambda got: errors.append(got.url) if "/static/" in got.url and got.status >= 400 else None)
    yield page
    assert errors == []


@pytest.fixture
def page(visitor: Page, server: Server) -> Page:
    """A page logged in as `admin` through the one-time link."""
    visitor.goto(server.login_link)
    return visitor
