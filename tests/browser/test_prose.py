"""Long answers as Markdown means them: tables, lists, formulas, and what is written from right to left."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.session_page import SessionPage
from tests.server import Server

ANSWER = r"""
| Module | Lines of code | What it does for the person who looks at it |
|:---|---:|:---:|
| authentication | 2,019 | `static/js/ui/shell/connection_status.js` and more that is long |
| documentation | 1,384 | administration |

1. First step
2. Second step

```sh
npm test
```

3. Third step

שלום עולם `npm test` וגם

- مرحبا بالعالم
- וגם זה

So $x_1 * y_1 * z$ holds, \(a_{1}\) too, from $5 to $6, and $\nosuchcommand{x}$ stays:

\[
\sum_{i=1}^{n} i = \frac{n(n+1)}{2}
\]
"""


def test_it_shows_an_answer_as_it_is_meant(
    page: Page, server: Server, tmp_path: Path, write_script: Callable[[str, Any], str]
) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    session = SessionPage.open(page, server, tmp_path, write_script("prose", [{"text": ANSWER, "chunk": 7}]))
    session.send("explain")
    expect(session.ends).to_be_visible()
    prose = session.transcript.locator(".prose")
    styles = "cells => cells.map((cell) => getComputedStyle(cell).textAlign)"
    assert prose.locator("tbody tr:first-child td").evaluate_all(styles) == ["left", "right", "center"]
    for words in ("2,019", "administration", "documentation"):
        height = prose.get_by_role("cell", name=words, exact=True).evaluate(
            "cell => { const range = document.createRange(); range.selectNodeContents(cell);"
            " return range.getClientRects().length; }"
        )
        assert height == 1, f"{words} is broken"
    expect(prose.locator("ol")).to_have_count(2)
    expect(prose.locator("ol").nth(1)).to_have_attribute("start", "3")
    direction = "element => getComputedStyle(element).direction"
    assert prose.locator("p", has_text="שלום").evaluate(direction) == "rtl"
    assert prose.locator("ul").evaluate(direction) == "rtl"
    assert prose.locator("ol").first.evaluate(direction) == "ltr"
    expect(prose.locator("math")).to_have_count(3)
    expect(prose.locator("code.math")).to_have_text([r"$\nosuchcommand{x}$"])
    expect(prose).to_contain_text("from $5 to $6")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
