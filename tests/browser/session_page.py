"""What the tests say about a session's page, in the words of somebody who looks at it."""

from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.server import Server


class SessionPage:
    """A session in the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.field = page.get_by_label("Message to the agent")
        self.transcript = page.get_by_role("tabpanel")
        self.strip = page.locator("#strip")
        self.stop = page.get_by_role("button", name="Stop", exact=True)
        self.jump = page.get_by_role("button", name="Jump to latest")
        self.asking = page.get_by_role("group", name="The agent asks")
        self.ends = page.locator(".turn-end:not([hidden])")

    @classmethod
    def open(cls, page: Page, server: Server, root: Path, model: str, approval: str = "auto") -> "SessionPage":
        """A new session on `root` with `model`, opened and connected."""
        session_id, _chat_id = server.open_session(root, model, approval)
        page.goto(f"/sessions/{session_id}")
        opened = cls(page)
        opened.wait_until_live()
        return opened

    def wait_until_live(self) -> None:
        self.strip.get_by_text("Live").wait_for()

    def send(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def allow(self) -> None:
        """Wait until the agent asks, and say yes once."""
        self.asking.get_by_role("button", name="Allow once").click()
        self.asking.wait_for(state="detached")

    def go_to_question(self) -> None:
        """Wait until the agent asks, and until its question takes letters, and go there from the message field."""
        self.asking.first.wait_for()
        self.page.wait_for_timeout(600)
        self.field.press("ArrowUp")

    def call(self, words: str) -> Locator:
        """The card of the tool call with these words on its line."""
        return self.transcript.locator("details.call").filter(has_text=words)

    @property
    def scroll_from_end(self) -> float:
        """Pixels between what is in view and the end of the conversation."""
        distance: float = self.page.locator("#main").evaluate("e => e.scrollHeight - e.clientHeight - e.scrollTop")
        return distance
