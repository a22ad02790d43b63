"""Traces: what recording costs, and lists over ten thousand calls and over a million."""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tests.bench.place import Place
from tests.bench.table import Table, median
from tests.server import Server

FEW, MANY = 10_000, 1_000_000
PIECE = 50_000
DEPTH = 10_000
RUNS = 41
FILTERS = [
    "tool=run_command",
    "tool=move_file",
    "status=error",
    "status=error&tool=move_file",
    "status=timeout",
    "min_ms=10000",
    "min_ms=10000&tool=list_files",
    "sort=slowest",
    "sort=slowest&tool=move_file",
    "sort=oldest",
    "q=rules.py",
    "q=nowhere",
    "q=nowhere&tool=edit_file",
]
TURN_FILTERS = ["status=failed", "failures=true", "min_ms=599000", "q=9999", "q=nowhere"]


@dataclass
class Lists:
    """The lists of one chat, asked for over one connection. Times in ms, medians."""

    server: Server
    client: httpx.Client
    chat_id: str
    sizes: dict[str, int]

    def ms(self, *paths: str) -> list[float]:
        """Asked for in turn, so that what else the machine does hits all alike."""
        times: dict[str, list[float]] = {path: [] for path in paths}
        for _ in range(RUNS):
            for path in paths:
                began = time.perf_counter()
                answer = self.client.get(path)
                times[path].append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200, answer.text
                self.sizes[path] = len(answer.content)
        return [median(times[path]) for path in paths]

    def traces(self, query: str = "") -> str:
        return f"/api/chats/{self.chat_id}/traces?{query}"

    def turns(self, query: str = "") -> str:
        return f"/api/chats/{self.chat_id}/turns?{query}"

    def ratio(self, path: str, base: str) -> float:
        one, other = self.ms(path, base)
        return one / other

    def deep(self) -> str:
        """The query of the page that is DEPTH calls down."""
        url = f"/api/chats/{self.chat_id}/traces?limit=200"
        for _ in range(DEPTH // 200):
            parts = urlsplit(self.client.get(url).json()["next"])
            url = f"{parts.path}?{parts.query}"
        return urlsplit(url).query.replace("limit=200", "limit=50")


async def run(place: Place) -> list[Table]:
    return await asyncio.to_thread(measured, place)


def measured(place: Place) -> list[Table]:
    with place.serving() as server:
        _, chat_id = place.session(server)
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=60) as client:
            lists = Lists(server, client, chat_id, {})
            tables = [recording(server, chat_id)]
            fill(server, chat_id, 0, FEW)
            few = lists.ms(lists.traces(), lists.turns())
            fill(server, chat_id, FEW, MANY)
            return [*tables, *of_calls(lists, few[0]), of_turns(lists, few[1])]


def fill(server: Server, chat_id: str, first: int, until: int) -> None:
    for start in range(first, until, PIECE):
        piece = f"fill({chat_id!r}, {start}, {min(start + PIECE, until)})"
        server.manage("shell", "-c", f"from tests.bench.trace_rows import fill; {piece}")


def recording(server: Server, chat_id: str) -> Table:
    table = Table("Traces: recording")
    script = f"from tests.bench.trace_rows import recording; recording({chat_id!r}, 500)"
    of_call, of_step = map(float, server.manage("shell", "-c", script).split()[-2:])
    table.add("a call: its start and its end", of_call, "ms", 2)
    table.add("the same with the model step that made it", of_step, "ms")
    table.notes.append("Each in a transaction of its own, with the sums of its turn and its day.")
    return table


def of_calls(lists: Lists, few: float) -> list[Table]:
    table = Table(f"Traces: a page of 50 calls, {MANY:,} in the chat")
    first, deep = lists.ms(lists.traces(), lists.traces(lists.deep()))
    table.add(f"first page, {FEW:,} calls in all", few, "ms")
    table.add(f"first page, {MANY:,} calls in all", first, "ms")
    table.add("against the former", first / few, "times", 1.5)
    table.add(f"the page {DEPTH:,} calls down", deep, "ms")
    table.add("against the first page", deep / first, "times", 1.2)
    filtered = Table("Traces: the same page with a filter, against the first page")
    for query in FILTERS:
        filtered.add(f"`{query}`", lists.ratio(lists.traces(query), lists.traces()), "times", 3)
    return [table, filtered]


def of_turns(lists: Lists, few: float) -> Table:
    table = Table(f"Traces: a page of 15 turns, {MANY:,} calls in the chat")
    (first,) = lists.ms(lists.turns())
    table.add(f"first page, {FEW:,} calls in all", few, "ms")
    table.add(f"first page, {MANY:,} calls in all", first, "ms", 50)
    table.add("its size", lists.sizes[lists.turns()] / 1000, "kB", 10)
    for query in TURN_FILTERS:
        ratio = lists.ratio(lists.turns(query), lists.turns())
        table.add(f"with `{query}`, against the first page", ratio, "times", 3)
    return table
