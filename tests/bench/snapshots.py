"""Going back: what a checkpoint, a restore, a save and a resume cost."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from tests.bench.model import MODEL, playing
from tests.bench.page import logged_in
from tests.bench.place import Place
from tests.bench.table import Table, median
from tests.browser.chromium import launch_flags, system_chromium
from tests.server import Server

FILES, FILE_BYTES, CHANGED = 20_000, 10_000, 100
RUNS = 5
TURNS = 1_000
WATCH = f"""
function look() {{
  const whole = document.querySelectorAll('.place').length > {TURNS};
  requestAnimationFrame(whole ? () => (document.documentElement.dataset.painted = performance.now()) : look);
}}
look();
"""
END = [{"text": "Done."}]
WRITE = [{"tool": "write_file", "args": {"path": "d007/1.txt", "content": "turn {i}"}}]
APPEND = f"for i in $(seq {CHANGED}); do echo more >> d008/$i.txt; done"
TOUCH = [{"tool": "run_command", "args": {"command": ["sh", "-c", APPEND]}}]


async def run(place: Place) -> list[Table]:
    tables = await asyncio.to_thread(lambda: [files(place), timeline(place), resume(place)])
    return [*tables, await painting(place)]


def files(place: Place) -> Table:
    table = Table(f"Checkpoints: {FILES:,} files, {FILES * FILE_BYTES // 10**6} MB")
    root = workspace(place.home / "large")
    script = [END, {"repeat": RUNS, "of": [WRITE, END]}, TOUCH, END]
    with playing(script, place.home) as model, place.serving(model) as server:
        session_id, chat_id = server.open_session(root, MODEL)
        _, first = turn(server, session_id, chat_id)
        answers, taken = [], []
        for _ in range(RUNS):
            answered_ms, taken_ms = turn(server, session_id, chat_id)
            answers.append(answered_ms)
            taken.append(taken_ms)
        table.add("the first, of all files", first, "ms")
        table.add("after a turn that changed one file, p50", median(taken), "ms", 300)
        table.add("the turn itself, p50", median(answers), "ms")
        turn(server, session_id, chat_id)
        place_before = server.api("GET", f"/api/chats/{chat_id}/timeline")[-2]
        began = time.perf_counter()
        done = server.api("POST", f"/api/chats/{chat_id}/restorations", {"checkpoint": place_before["id"]})
        table.add(f"restore of chat and {CHANGED} files", (time.perf_counter() - began) * 1000, "ms", 1000)
        assert done["state"] == "done"
        assert not (root / "d008" / "50.txt").read_bytes().endswith(b"more\n")
    table.notes.append("A checkpoint is taken after the answer: from the chat's idle status to the files being kept.")
    return table


def workspace(root: Path) -> Path:
    for number in range(FILES):
        path = root / f"d{number // 200:03}" / f"{number % 200 + 1}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(FILE_BYTES // 4) + b"a line of text\n" * (FILE_BYTES // 20))
    return root


def turn(server: Server, session_id: str, chat_id: str) -> tuple[float, float]:
    """Play one turn: milliseconds to its end, and from there until its files are kept."""
    began = time.perf_counter()
    with server.socket(session_id) as socket:
        socket.reconnect()
        server.send(chat_id, "Go on.")
        end = socket.until(lambda frame: frame.get("status") in ("idle", "error"), timeout_s=120)
    assert end["status"] == "idle", server.output
    answered = time.perf_counter()
    wait_until(lambda: all(place["files"]["state"] == "kept" for place in places(server, chat_id)))
    return (answered - began) * 1000, (time.perf_counter() - answered) * 1000


def places(server: Server, chat_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.api("GET", f"/api/chats/{chat_id}/timeline")
    return found


def wait_until(happened: Any, timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def timeline(place: Place) -> Table:
    table = Table("Long chats")
    with place.serving() as server:
        _, chat_id = place.session(server)
        for messages in (10, 10_000):
            code = f"from tests.bench.history import save_ms; save_ms({chat_id!r}, {messages})"
            spent = float(server.manage("shell", "-v", "0", "-c", code).split()[-1])
            table.add(f"saving the agent snapshot at {messages:,} messages, p50", spent, "ms", 3)
        _, chat_id = place.session(server)
        server.manage("shell", "-c", f"from tests.bench.history import turns; turns({chat_id!r}, {TURNS})")
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            assert len(places(server, chat_id)) == TURNS + 1
            times.append((time.perf_counter() - began) * 1000)
        table.add(f"the timeline of {TURNS:,} turns, p50", median(times), "ms", 200)
    return table


async def painting(place: Place) -> Table:
    """In Chromium, from asking for the page to the frame in which the whole rail is there."""
    table = Table(f"The timeline of {TURNS:,} turns, in Chromium")
    with place.serving() as server:
        _, chat_id = place.session(server)
        fill = f"from tests.bench.history import turns; turns({chat_id!r}, {TURNS})"
        await asyncio.to_thread(server.manage, "shell", "-c", fill)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=system_chromium(), args=launch_flags())
            context = await browser.new_context(storage_state=await logged_in(browser, server))
            page = await context.new_page()
            await page.add_init_script(WATCH)
            times = []
            for _ in range(RUNS):
                await page.goto(f"{server.url}/chats/{chat_id}/timeline")
                await page.locator("html[data-painted]").wait_for()
                times.append(float(await page.locator("html").get_attribute("data-painted") or ""))
            await browser.close()
    table.add("painted, p50", median(times), "ms", 500)
    return table


def resume(place: Place) -> Table:
    table = Table("A turn goes on after kill -9")
    times = []
    slow = [{"text": "word " * 400, "chunk": 5, "delay_ms": 20}]
    with playing([slow] * (2 * RUNS), place.home) as model, place.serving(model) as server:
        for _ in range(RUNS):
            session_id, chat_id = place.session(server)
            server.send(chat_id, "Speak.")
            wait_until(lambda: len(server.messages(session_id)) > 1)  # noqa: B023
            server.kill()
            server.start()
            began = time.perf_counter()
            wait_until(lambda: len(server.messages(session_id)) > 2)  # noqa: B023
            times.append((time.perf_counter() - began) * 1000)
            server.api("POST", f"/api/chats/{chat_id}/cancellation")
    table.add("from the start's first answer to asking the model again, p50", median(times), "ms", 1000)
    return table
