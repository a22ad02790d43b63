import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

from tests.bench import (
    adapters,
    burst,
    deltas,
    page,
    request,
    resume,
    snapshots,
    sockets,
    start,
    tool_calls,
    tools,
    traces,
)
from tests.bench.place import Place, prepared
from tests.bench.table import Table

Bench = Callable[[Place], Awaitable[list[Table]]]
BENCHES: dict[str, Bench] = {
    "start": start.run,
    "page": page.run,
    "request": request.run,
    "adapters": adapters.run,
    "tool_calls": tool_calls.run,
    "tools": tools.run,
    "deltas": deltas.run,
    "burst": burst.run,
    "resume": resume.run,
    "sockets": sockets.run,
    "traces": traces.run,
    "snapshots": snapshots.run,
}


def main() -> int:
    """Run the benches named, or all. Ends with 1 where a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure what BooCode costs.")
    parser.add_argument("name", nargs="*", choices=[*BENCHES, []], help=f"any of: {', '.join(BENCHES)}")
    names = parser.parse_args().name or list(BENCHES)
    tables: list[Table] = []
    with prepared() as place:
        for name in names:
            began = time.monotonic()
            for table in asyncio.run(run(BENCHES[name], place)):
                print(f"{table}\n", flush=True)
                tables.append(table)
            print(f"({name}: {time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    missed = [f"{table.title}: {row.what}" for table in tables for row in table.rows if not row.good]
    for line in missed:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if missed else 0


async def run(bench: Bench, place: Place) -> list[Table]:
    return await bench(place)


if __name__ == "__main__":
    sys.exit(main())
