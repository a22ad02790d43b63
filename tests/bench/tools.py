"""What the tools cost beside what they do: a command, a flood of output, a search, a far page of a file."""

import asyncio
import os
import resource
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.bench.place import Place
from tests.bench.table import Table, median
from tools import registry
from tools.base import ToolContext, ToolResult
from tools.builtin import search_files
from tools.commands import sandbox
from tools.commands.processes import SPAWNER
from tools.files.workspace import Workspace

RUNS = 60
GIGABYTE = 1024**3
FILES = 20_000


async def run(place: Place) -> list[Table]:
    SPAWNER.warm_up()
    root = place.home / "tools"
    root.mkdir()
    workspace = Workspace(root)
    try:
        return [
            await commands(workspace),
            await flood(workspace),
            await search(root, workspace),
            await page(root, workspace),
        ]
    finally:
        SPAWNER.close()


async def timed(do: Callable[[], Awaitable[Any]]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await do()
    return (time.perf_counter() - began) * 1000


async def call(context: ToolContext, name: str, **args: Any) -> ToolResult:
    result = await registry.call(name, args, context)
    assert result.error is None, result.error
    return result


async def commands(workspace: Workspace) -> Table:
    table = Table("A command: `true`")
    bare: list[float] = []
    plain: list[float] = []
    inside: list[float] = []
    context = ToolContext(workspace)
    boxed = ToolContext(workspace, sandbox=sandbox.choose("auto", network=False))

    async def spawn() -> None:
        await (await asyncio.create_subprocess_exec("true")).wait()

    # By turns, so that what else the machine does hits all alike.
    for _ in range(RUNS):
        bare.append(await timed(spawn))
        plain.append(await timed(lambda: call(context, "run_command", command=["true"])))
        if boxed.sandbox:
            inside.append(await timed(lambda: call(boxed, "run_command", command=["true"])))
    table.add("a bare spawn from this process, p50", median(bare), "ms")
    table.add("`run_command` over it, p50", median(plain) - median(bare), "ms", 8)
    if inside:
        table.add("the same in bubblewrap, p50", median(inside) - median(bare), "ms", 14)
    return table


async def flood(workspace: Workspace) -> Table:
    table = Table("A command that writes 1 GB")
    command = ["head", "-c", str(GIGABYTE), "/dev/zero"]
    alone, captured = [], []
    for _ in range(3):
        alone.append(await timed(lambda: asyncio.to_thread(to_nowhere, command)))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        captured.append(await timed(lambda: call(ToolContext(workspace), "run_command", command=command)))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    table.add("read to nowhere, p50", median(alone), "ms")
    table.add("`run_command`, p50", median(captured), "ms")
    table.add("the second in terms of the first", median(captured) / median(alone), "times", 1.5)
    table.add("peak memory, the third time over the second", grown, "MB", 1)
    return table


def to_nowhere(command: list[str]) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        while os.read(process.stdout.fileno(), 256 * 1024):
            pass


async def search(root: Path, workspace: Workspace) -> Table:
    table = Table(f"A search in {FILES:,} files")
    for number in range(FILES):
        directory = root / "tree" / f"d{number % 200:03}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"f{number}.py").write_text(f"def function_{number}(a, b):\n    return a + b\n" * 20)
    context = ToolContext(workspace)
    look = {"pattern": "function_1234[0-9]\\b", "path": "tree"}
    program = search_files.find_ripgrep()
    if program:
        alone, ours = [], []
        argv = [program, "--line-number", "--hidden", str(look["pattern"]), str(root / "tree")]
        for _ in range(7):
            alone.append(await timed(lambda: asyncio.to_thread(subprocess.run, argv, stdout=subprocess.DEVNULL)))
            ours.append(await timed(lambda: call(context, "search_files", **look)))
        table.add("ripgrep alone, p50", median(alone), "ms")
        table.add("`search_files`, p50", median(ours), "ms")
        table.add("the second in terms of the first", median(ours) / median(alone), "times", 1.3)
    search_files.find_ripgrep.cache_clear()
    path, os.environ["PATH"] = os.environ["PATH"], ""
    try:
        search_files.find_ripgrep()
    finally:
        os.environ["PATH"] = path
    table.add("`search_files` without ripgrep", await timed(lambda: call(context, "search_files", **look)), "ms")
    search_files.find_ripgrep.cache_clear()
    return table


async def page(root: Path, workspace: Workspace) -> Table:
    table = Table("A file of a million lines")
    with (root / "long.txt").open("w") as file:
        file.writelines(f"line {number} of a file that is rather long\n" for number in range(1_000_000))
    context = ToolContext(workspace)
    times = [
        await timed(lambda: call(context, "read_file", path="long.txt", offset=900_000, limit=100)) for _ in range(7)
    ]
    table.add("100 lines at line 900,000, p50", median(times), "ms", 100)
    return table
