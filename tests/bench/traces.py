"""Traces: what recording costs, and lists over ten thousand calls and over a million."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from tests.bench.place import Place
from tests.bench.table import Table, median
from tests.server import Server

FEW, MANY = 10_000, 1_000_000
PIECE = 50_000
CALLS_A_TURN = 100
TOOLS = ["read_file", "edit_file", "run_command", "search_files", "list_files"]
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
    """The lists of one chat, asked for over one connection."""

    server: Server
    client: httpx2.Client
    chat_id: str

    def traces(self, query: str = "") -> "Asked":
        return self, f"/api/chats/{self.chat_id}/traces?{query}"

    def turns(self, query: str = "") -> "Asked":
        return self, f"/api/chats/{self.chat_id}/turns?{query}"

    def get(self, path: str) -> httpx2.Response:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer

    def deep(self) -> "Asked":
        """The page that is DEPTH calls down."""
        url = f"/api/chats/{self.chat_id}/traces?limit=200"
        for _ in range(DEPTH // 200):
            parts = urlsplit(self.get(url).json()["next"])
            url = f"{parts.path}?{parts.query}"
        return self.traces(urlsplit(url).query.replace("limit=200", "limit=50"))


Asked = tuple[Lists, str]


def medians(*asked: Asked) -> list[float]:
    """In ms. Asked for in turn, so that what else the machine does hits all alike."""
    times: list[list[float]] = [[] for _ in asked]
    for _ in range(RUNS):
        for taken, (lists, path) in zip(times, asked, strict=True):
            began = time.perf_counter()
            lists.get(path)
            taken.append((time.perf_counter() - began) * 1000)
    return [median(taken) for taken in times]


def ratio(one: Asked, base: Asked) -> float:
    taken, other = medians(one, base)
    return taken / other


async def run(place: Place) -> list[Table]:
    return await asyncio.to_thread(measured, place)


def measured(place: Place) -> list[Table]:
    with filled(place, MANY) as many, filled(place, FEW) as few:
        return [*of_calls(many, few), of_turns(many, few), recording(few.server, few.chat_id)]


@contextmanager
def filled(place: Place, calls: int) -> Iterator[Lists]:
    """A server with one chat of so many calls."""
    with place.serving() as server:
        _, chat_id = place.session(server)
        fill(server, chat_id, calls)
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx2.Client(base_url=server.url, headers=headers, trust_env=False, timeout=60) as client:
            yield Lists(server, client, chat_id)


def fill(server: Server, chat_id: str, calls: int) -> None:
    for start in range(0, calls, PIECE):
        piece = f"fill({chat_id!r}, {start}, {min(start + PIECE, calls)})"
        server.manage("shell", "-c", f"from tests.bench.trace_rows import fill; {piece}")


def recording(server: Server, chat_id: str) -> Table:
    table = Table("Traces: recording")
    script = f"from tests.bench.trace_rows import recording; recording({chat_id!r}, 500)"
    of_call, of_step, cpu_of_call, cpu_of_step = map(float, server.manage("shell", "-c", script).split()[-4:])
    table.add("a call, its start and its end: processor time", cpu_of_call, "ms", 2)
    table.add("the same by the clock", of_call, "ms")
    table.add("with the model step that made it: processor time", cpu_of_step, "ms")
    table.add("the same by the clock", of_step, "ms")
    table.notes.append("Each in a transaction of its own, with the sums of its turn and its day.")
    return table


def of_calls(many: Lists, few: Lists) -> list[Table]:
    table = Table(f"Traces: a page of 50 calls, {MANY:,} in the chat")
    few_ms, first, deep = medians(few.traces(), many.traces(), many.deep())
    table.add(f"first page, {FEW:,} calls in all", few_ms, "ms")
    table.add(f"first page, {MANY:,} calls in all", first, "ms")
    table.add("against the former", first / few_ms, "times", 1.5)
    table.add(f"the page {DEPTH:,} calls down", deep, "ms")
    table.add("against the first page", deep / first, "times", 1.2)
    filtered = Table("Traces: the same page with a filter, against the first page")
    for query in FILTERS:
        filtered.add(f"`{query}`", ratio(many.traces(query), many.traces()), "times", 3)
    return [table, filtered]


def of_turns(many: Lists, few: Lists) -> Table:
    table = Table(f"Traces: a page of 15 turns, {MANY:,} calls in the chat")
    few_ms, first = medians(few.turns(), many.turns())
    table.add(f"first page, {FEW:,} calls in all", few_ms, "ms")
    table.add(f"first page, {MANY:,} calls in all", first, "ms", 50)
    table.add("its size", len(many.get(many.turns()[1]).content) / 1000, "kB", 10)
    for query in TURN_FILTERS:
        table.add(f"with `{query}`, against the first page", ratio(many.turns(query), many.turns()), "times", 3)
    return table
