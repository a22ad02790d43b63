"""The lists of traces beside Phoenix's, over the same calls: a million of them in ten thousand turns.

    pip install arize-phoenix
    PHOENIX_WORKING_DIR=/some/folder phoenix serve
    python -m tests.bench.phoenix http://localhost:6006 /some/folder/phoenix.db

Phoenix must be on SQLite and hold nothing that matters: its database is filled from here, for to send it a million
spans takes hours. It is asked for less than its own pages ask for.
"""

import argparse
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.bench.place import prepared
from tests.bench.table import median, shown
from tests.bench.traces import CALLS_A_TURN, DEPTH, MANY, TOOLS, Lists, filled

RUNS = 15
PATIENCE_S = 45
PAGE = 50
SPANS = """
query ($id: ID!, $first: Int!, $after: String, $filter: String, $sort: SpanSort) { node(id: $id) { ... on Project {
  spans(first: $first, after: $after, filterCondition: $filter, sort: $sort) {
    edges { node { name spanKind statusCode statusMessage startTime latencyMs spanId trace { traceId }
      input { value: truncatedValue } output { value: truncatedValue } } }
    pageInfo { endCursor hasNextPage } } } } }
"""
TURNS = """
query ($id: ID!) { node(id: $id) { ... on Project {
  spans(first: 15, filterCondition: "parent_span is None", sort: {col: startTime, dir: desc}) {
    edges { node { name statusCode startTime latencyMs cumulativeTokenCountTotal trace { traceId numSpans }
      descendants(first: 50) { edges { node { name spanKind startTime latencyMs statusCode } } } } } } } } }
"""


@dataclass
class Phoenix:
    client: httpx2.Client
    project: str

    def ask(self, query: str, **variables: Any) -> httpx2.Response:
        answer = self.client.post("/graphql", json={"query": query, "variables": {"id": self.project} | variables})
        assert "data" in answer.json(), answer.text[:1000]
        assert "errors" not in answer.json(), answer.text[:1000]
        return answer

    def spans(self, **variables: Any) -> Callable[[], httpx2.Response]:
        order = {"col": "startTime", "dir": "desc"}
        return lambda: self.ask(SPANS, **{"first": PAGE, "sort": order} | variables)

    def deep(self) -> str:
        """The cursor of the page that is DEPTH spans down."""
        after = None
        for _ in range(DEPTH // 1000):
            found = self.ask(SPANS, first=1000, after=after, sort={"col": "startTime", "dir": "desc"})
            after = found.json()["data"]["node"]["spans"]["pageInfo"]["endCursor"]
        return str(after)


def fill(database: str, calls: int) -> None:
    """The rows of `trace_rows.fill` as Phoenix keeps them: a trace and a root span a turn, a span a call."""
    tools = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(TOOLS))
    tool = f"CASE WHEN n % 1000 = 0 THEN 'move_file' ELSE CASE n % {len(TOOLS)} {tools} END END"
    turn = f"(n / {CALLS_A_TURN} * {CALLS_A_TURN})"
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)"
    turns = numbers.replace("n + 1", f"n + {CALLS_A_TURN}")
    first = 10_000_000  # behind what it may hold already

    def at(ms: str) -> str:
        return f"strftime('%Y-%m-%d %H:%M:%f000', '2026-01-01', '+' || (n / 10.0 + ({ms}) / 1000.0) || ' seconds')"

    attributes = f"""json_object(
        'openinference', json('{{"span": {{"kind": "TOOL"}}}}'), 'tool', json_object('name', {tool}),
        'input', json('{{"value": "{{\\"path\\": \\"src/parser/rules.py\\", \\"from_line\\": 100}}"}}'),
        'output', json_object('value', '{"one line of output " * 10}'))"""
    took = "n % 10007 * 7919 % 10007"
    columns = (
        "trace_rowid, span_id, parent_id, name, span_kind, start_time, end_time, attributes, events, status_code, "
        "status_message, cumulative_error_count, cumulative_llm_token_count_prompt, "
        "cumulative_llm_token_count_completion"
    )
    with closing(sqlite3.connect(database, timeout=60)) as db, db:
        (project,) = db.execute("SELECT min(id) FROM projects").fetchone()
        db.execute(
            f"INSERT INTO traces (id, project_rowid, trace_id, start_time, end_time) {turns} "
            f"SELECT {first} + n, ?, printf('%032x', n), {at('0')}, {at('10000')} FROM numbers",
            (0, calls, project),
        )
        db.execute(
            f"INSERT INTO spans ({columns}) {turns} SELECT {first} + n, printf('f%015x', n), NULL, "
            f"'invoke_agent', 'AGENT', {at('0')}, {at('10000')}, '{{}}', '[]', 'UNSET', '', 2, 0, 0 FROM numbers",
            (0, calls),
        )
        db.execute(
            f"INSERT INTO spans ({columns}) {numbers} SELECT {first} + {turn}, printf('%016x', n), "
            f"printf('f%015x', {turn}), {tool}, 'TOOL', {at('0')}, {at(took)}, {attributes}, '[]', "
            f"CASE WHEN n % 50 = 0 THEN 'ERROR' ELSE 'OK' END, '', 0, 0, 0 FROM numbers",
            (0, calls),
        )


def pairs(ours: Lists, theirs: Phoenix) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """What both are asked for."""

    def get(asked: tuple[Lists, str]) -> Callable[[], Any]:
        return lambda: ours.get(asked[1])

    only_calls = "span_kind == 'TOOL'"
    return {
        "a page of 50 calls": (get(ours.traces()), theirs.spans(filter=only_calls)),
        f"the same {DEPTH:,} calls down": (get(ours.deep()), theirs.spans(after=theirs.deep())),
        "those that failed": (get(ours.traces("status=error")), theirs.spans(filter="status_code == 'ERROR'")),
        "of a seldom tool": (get(ours.traces("tool=move_file")), theirs.spans(filter="name == 'move_file'")),
        "at least 10 s": (
            get(ours.traces("min_ms=10000")),
            theirs.spans(filter=f"{only_calls} and latency_ms >= 10000"),
        ),
        "the slowest": (get(ours.traces("sort=slowest")), theirs.spans(sort={"col": "latencyMs", "dir": "desc"})),
        "with words of the output": (
            get(ours.traces("q=rules.py")),
            theirs.spans(filter="'rules.py' in input.value"),
        ),
        "with words that none has": (
            get(ours.traces("q=nowhere")),
            theirs.spans(filter="'nowhere' in output.value"),
        ),
        "a page of 15 turns": (get(ours.turns()), lambda: theirs.ask(TURNS)),
    }


def medians(asked: tuple[Callable[[], Any], ...]) -> list[float]:
    """In ms, asked for in turn. What takes minutes is asked for once."""
    times: list[list[float]] = [[] for _ in asked]
    ends = time.monotonic() + PATIENCE_S
    while len(times[0]) < RUNS and (not times[0] or time.monotonic() < ends):
        for taken, ask in zip(times, asked, strict=True):
            began = time.perf_counter()
            ask()
            taken.append((time.perf_counter() - began) * 1000)
    return [median(taken) for taken in times]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.phoenix")
    parser.add_argument("url")
    parser.add_argument("database")
    parser.add_argument("--calls", type=int, default=MANY)
    given = parser.parse_args()
    fill(given.database, given.calls)
    print(
        f"Over {given.calls:,} calls, medians of {RUNS} where they are quick:\n\n"
        "| what | BooCode | Phoenix |\n|---|---|---|",
        flush=True,
    )
    client = httpx2.Client(base_url=given.url, trust_env=False, timeout=600)
    with prepared() as place, filled(place, given.calls) as ours, client:
        projects = client.get("/v1/projects").json()["data"]
        theirs = Phoenix(client, next(project["id"] for project in projects if project["name"] == "default"))
        for what, asked in pairs(ours, theirs).items():
            our_ms, their_ms = medians(asked)
            sizes = [len(ask().content) / 1000 for ask in asked]
            cells = [f"{shown(ms)} ms, {shown(size)} kB" for ms, size in zip((our_ms, their_ms), sizes, strict=True)]
            print(f"| {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
