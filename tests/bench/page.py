"""What the first visit loads, in Chromium with an empty cache."""

import asyncio
from typing import Any

from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.bench.client import Client
from tests.bench.model import playing
from tests.bench.place import Place
from tests.bench.table import Table
from tests.browser.chromium import launch_flags, system_chromium
from tests.server import Server


async def run(place: Place) -> list[Table]:
    script = [[{"tool": "read_file", "args": {"path": "notes/1.txt"}}], [{"text": "It **says** nothing much."}]]
    with playing(script, place.home) as model, place.serving(model) as server:
        session_id, chat_id = place.session(server)
        async with Client(server, session_id) as client:
            await asyncio.to_thread(server.send, chat_id, "Read it.")
            await client.idle()
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=system_chromium(), args=launch_flags())
            state = await logged_in(browser, server)
            return [
                await visit(browser, state, f"{server.url}/", "The first page: home"),
                await visit(browser, state, f"{server.url}/sessions/{session_id}", "The session's page"),
            ]


async def logged_in(browser: Browser, server: Server) -> Any:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(server.login_link)
    state = await context.storage_state()
    await context.close()
    return state


async def visit(browser: Browser, state: Any, url: str, title: str) -> Table:
    table = Table(title)
    context = await browser.new_context(storage_state=state)
    sizes = await loaded(context, url)
    table.add("over the wire, headers included", sum(sizes) / 1000, "kB", 500)
    table.add("requests", len(sizes), "", 20)
    await context.close()
    return table


async def loaded(context: BrowserContext, url: str) -> list[float]:
    """The size on the wire of everything that the page asked for, until it is quiet."""
    page = await context.new_page()
    network = await context.new_cdp_session(page)
    await network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    await page.goto(url)
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(1000)
    return sizes
