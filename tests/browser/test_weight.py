"""The first pages are light (the budget is DESIGN's: 500 kB and 20 requests for the first page)."""

from playwright.sync_api import Page, Response

KILOBYTE = 1000


def test_it_loads_the_first_page_in_few_and_small_answers(page: Page) -> None:
    sizes: list[int] = []

    def note(response: Response) -> None:
        sizes.append(len(response.body()))

    page.on("response", note)
    page.goto("/", wait_until="networkidle")
    assert len(sizes) <= 20
    assert sum(sizes) <= 500 * KILOBYTE
