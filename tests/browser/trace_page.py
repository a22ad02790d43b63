"""What the tests say about the traces, in the words of somebody who looks at them."""

from playwright.sync_api import Locator, Page


class TracePage:
    """The viewer, on a page of its own or beside the chat."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.grid = page.get_by_role("treegrid")
        self.turns = page.locator(".of-turn")
        self.steps = page.locator(".of-step")
        self.calls = page.locator(".of-call")
        self.detail = page.get_by_role("complementary", name="Details")
        self.words = page.get_by_role("searchbox", name="Words of input")
        self.current = page.locator(".trace-line.current")

    @classmethod
    def open(cls, page: Page, path: str) -> "TracePage":
        page.goto(path)
        opened = cls(page)
        opened.turns.first.wait_for()
        return opened

    def line(self, words: str) -> Locator:
        return self.page.locator(".trace-line").filter(has_text=words)
