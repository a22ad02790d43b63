import os
import sys
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tests.tools.living import gone
from tools.commands.environment import command_environment
from tools.commands.processes import Limits
from tools.commands.run import Outcome, run


@pytest.fixture
def directory(root: Path) -> int:
    return os.open(root, os.O_RDONLY)


async def limited(directory: int, limits: Limits, *argv: str) -> Outcome:
    return await run(argv, directory, command_environment(os.environ, {}), timeout_s=20, limits=limits)


async def test_it_stops_an_allocation_of_10_gb(call: Call) -> None:
    result = await call("run_command", command=[sys.executable, "-c", "x = bytearray(10 * 1024**3); print(len(x))"])
    assert "MemoryError" in result.output


async def test_it_lets_a_program_reserve_what_it_does_not_use(call: Call) -> None:
    """Node, Go and Java reserve address space by the gigabyte: a limit on that would break them."""
    script = "import mmap; m = mmap.mmap(-1, 64 * 1024**3, flags=mmap.MAP_PRIVATE | 0x4000, prot=0); print('reserved')"
    assert (await call("run_command", command=[sys.executable, "-c", script])).output == "reserved\n"


async def test_it_stops_a_bomb_of_processes(directory: int) -> None:
    script = "import os, time\nfor _ in range(120):\n    if os.fork() == 0: time.sleep(98765)\ntime.sleep(98765)"
    outcome = await limited(directory, Limits(processes=50), sys.executable, "-c", script, "bomb98765")
    assert outcome.end.reason == "processes"
    assert not outcome.timed_out
    assert gone("bomb98765")


async def test_it_counts_the_memory_of_all_together(directory: int) -> None:
    script = "import os, time\nfor _ in range(9):\n    if os.fork() == 0: break\n"
    script += "held = bytearray(30_000_000)\ntime.sleep(98764)"
    limits = Limits(data_bytes=200_000_000)
    outcome = await limited(directory, limits, sys.executable, "-c", script, "hoard98764")
    assert outcome.end.reason == "memory"
    assert gone("hoard98764")
    fewer = script.replace("range(9)", "range(2)").replace("98764", "0.6")
    assert (await limited(directory, limits, sys.executable, "-c", fewer)).end.exit_code == 0


async def test_it_lets_a_build_have_many_processes(directory: int) -> None:
    script = "for n in 1 2 3 4 5 6 7 8 9; do sleep 0.4 & done; wait; echo done"
    outcome = await limited(directory, Limits(processes=50), "sh", "-c", script)
    assert outcome.capture.text() == "done\n"


async def test_it_limits_the_size_of_files(directory: int) -> None:
    outcome = await limited(
        directory, Limits(file_bytes=1_000_000), "sh", "-c", "head -c 2000000 /dev/zero > big; ls -l big"
    )
    assert " 1000000 " in outcome.capture.text()


async def test_it_writes_no_core_and_goes_first_when_memory_runs_out(call: Call) -> None:
    result = await call("run_command", command=["sh", "-c", "ulimit -c; cat /proc/self/oom_score_adj"])
    assert result.output == "0\n800\n"
