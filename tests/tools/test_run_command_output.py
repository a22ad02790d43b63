import asyncio
import resource
import sys
import time
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tools.base import ToolContext
from tools.files.workspace import Workspace
from tools.registry import call as call_tool


async def test_it_keeps_head_and_tail_and_says_what_is_left_out(call: Call, emitted: list[str]) -> None:
    result = await call("run_command", command=["seq", "1", "100000"])
    assert result.truncated
    assert result.output.startswith("1\n2\n3\n")
    assert result.output.endswith("99999\n100000\n")
    assert "of 588,895 bytes left out here" in result.output
    assert 32_000 < len(result.output.encode()) < 33_500
    assert len(result.full_output) == 588_895
    assert result.full_output.startswith("".join(emitted).encode())
    assert len("".join(emitted)) == 32 * 1024


async def test_it_reads_a_gigabyte_in_constant_memory(call: Call) -> None:
    await call("run_command", command=["head", "-c", "20000000", "/dev/zero"])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = await call("run_command", command=["sh", "-c", "head -c 1000000000 /dev/zero >&2"])
    assert "of 1,000,000,000 bytes" in result.output
    assert len(result.full_output) == 10 * 1024 * 1024
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


async def test_it_stops_endless_output_at_the_time_limit(call: Call) -> None:
    started = time.monotonic()
    result = await call("run_command", command=["yes"], timeout_s=0.5)
    assert result.status == "timeout"
    assert time.monotonic() - started < 3
    assert result.output.startswith("y\ny\n")


async def test_it_cuts_no_character_in_two(call: Call, emitted: list[str]) -> None:
    result = await call("run_command", command=[sys.executable, "-c", "print('x' + '€' * 40_000)"])
    assert "\ufffd" not in result.output
    assert set("".join(emitted).rstrip("\ufffd")) == {"x", "€"}


async def test_it_shows_broken_bytes_as_such(call: Call) -> None:
    result = await call("run_command", command=["printf", "caf\\351 \\0\\n"])
    assert result.output == "caf\ufffd \0\n"


async def test_it_hands_output_on_while_the_command_runs(root: Path) -> None:
    first = asyncio.Event()

    async def emit(chunk: str) -> None:
        assert chunk == "ready\n"
        first.set()

    context = ToolContext(Workspace(root), emit)
    args = {"command": ["sh", "-c", "echo ready; exec sleep 60"]}
    running = asyncio.ensure_future(call_tool("run_command", args, context))
    await asyncio.wait_for(first.wait(), 2)
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.parametrize("failure", ["raises", "is slow"])
async def test_it_does_not_suffer_from_who_receives_the_output(root: Path, failure: str) -> None:
    async def emit(chunk: str) -> None:
        if failure == "raises":
            raise RuntimeError("the receiver is broken")
        await asyncio.sleep(0.05)

    result = await call_tool("run_command", {"command": ["seq", "1", "20000"]}, ToolContext(Workspace(root), emit))
    assert result.error is None
    assert result.output.endswith("\n20000\n")
