import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tests.tools.living import gone, living, living_pid, until
from tools.base import ToolContext
from tools.registry import call as call_tool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to a subreaper")

# A daemon as in the book: its own session, a second fork, an empty environment, and all descriptors closed.
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        if sys.argv[2] == "closed":
            os.closerange(0, 100)
        os.execve("/bin/sleep", ["sleep", sys.argv[1]], {})
    os._exit(0)
time.sleep(0.1)
"""


@pytest.fixture
def mark() -> str:
    """A number of seconds that no other process sleeps for."""
    return f"9{time.time_ns() % 10**9:09}"


async def test_it_ends_at_the_time_limit_with_its_whole_group(call: Call, mark: str) -> None:
    started = time.monotonic()
    result = await call("run_command", command=["sh", "-c", f"sleep {mark} & sleep {mark}"], timeout_s=0.5)
    assert result.status == "timeout"
    assert "Stopped after 0.5 s" in result.output
    assert "A longer run needs timeout_s, up to 600." in result.output
    assert 0.4 < time.monotonic() - started < 2
    assert gone(mark)


async def test_it_kills_who_ignores_the_request_to_end(call: Call, mark: str) -> None:
    started = time.monotonic()
    script = f"trap '' TERM; echo ready; while :; do sleep {mark}; done"
    result = await call("run_command", command=["sh", "-c", script], timeout_s=0.3)
    assert (result.status, result.exit_code) == ("timeout", -9)
    assert time.monotonic() - started < 3
    assert gone(mark)


async def test_it_does_not_wait_for_a_child_that_holds_the_pipe(call: Call, mark: str) -> None:
    started = time.monotonic()
    result = await call("run_command", command=["sh", "-c", f"sleep {mark} & echo started"])
    assert (result.output, result.error) == ("started\n", None)
    assert time.monotonic() - started < 2
    assert gone(mark)


@pytest.mark.parametrize("descriptors", ["closed", "open"])
async def test_it_finds_daemons(call: Call, mark: str, descriptors: str) -> None:
    result = await call("run_command", command=[sys.executable, "-c", DAEMON, mark, descriptors])
    assert result.error is None
    assert gone(mark)


async def test_it_is_dead_before_a_cancel_propagates(context: ToolContext, mark: str) -> None:
    args = {"command": ["sh", "-c", f"setsid sleep {mark} & sleep {mark}"]}
    running = asyncio.ensure_future(call_tool("run_command", args, context))
    await until(lambda: len(living(mark)) == 3)
    started = time.monotonic()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert gone(mark)
    assert time.monotonic() - started < 2


async def test_it_shortens_the_grace_at_a_second_cancel(context: ToolContext, mark: str, emitted: list[str]) -> None:
    args = {"command": ["sh", "-c", f"trap '' TERM; echo ready; while :; do sleep {mark}; done"]}
    running = asyncio.ensure_future(call_tool("run_command", args, context))
    await until(lambda: emitted)
    started = time.monotonic()
    running.cancel()
    await asyncio.sleep(0.2)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert gone(mark)
    assert time.monotonic() - started < 2


async def test_it_is_dead_when_cancelled_at_any_moment(context: ToolContext, mark: str) -> None:
    started = time.monotonic()
    for turns in range(24):
        args = {"command": ["sh", "-c", f"sleep {mark} & sleep {mark}", "x" * (turns % 3) * 60_000]}
        running = asyncio.ensure_future(call_tool("run_command", args, context))
        for _ in range(turns // 2):
            await asyncio.sleep(0 if turns % 2 else 0.001)
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()
    assert gone(mark, within_s=1)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_it_dies_with_the_server(root: Path, mark: str, number: int) -> None:
    script = (
        "import asyncio, sys; from tools.base import ToolContext; from tools.registry import call; "
        "from tools.files.workspace import Workspace; "
        f"args = {{'command': ['sh', '-c', 'setsid sleep {mark} & sleep {mark}'], 'timeout_s': 60}}; "
        f"asyncio.run(call('run_command', args, ToolContext(Workspace({str(root)!r}))))"
    )
    server = subprocess.Popen([sys.executable, "-c", script])  # noqa: ASYNC220
    await until(lambda: len(living(f"sleep\0{mark}")) == 2)
    server.send_signal(number)
    server.wait()
    assert gone(mark, within_s=3)


async def test_it_stands_a_command_that_kills_its_supervisor(call: Call, mark: str) -> None:
    script = f"setsid sleep {mark} & sleep 0.1; kill -9 $PPID; sleep {mark}"
    result = await call("run_command", command=["sh", "-c", script])
    assert "the outcome is unknown" in result.output
    assert gone(mark, within_s=2)


async def test_it_stands_a_command_that_kills_the_spawner(call: Call, mark: str) -> None:
    script = "spawner=$(awk '{print $4}' /proc/$PPID/stat); kill -9 $spawner; echo $spawner"
    spawner = int((await call("run_command", command=["sh", "-c", script])).output)
    # A process that is killed takes what it is sent until it is gone, so that what is sent meanwhile is lost with it.
    await until(lambda: not living_pid(spawner))
    assert (await call("run_command", command=["echo", "again"])).output == "again\n"


@pytest.mark.parametrize("victims", ["$PPID", "$spawner", "$spawner $PPID"])
async def test_it_stands_a_command_that_stops_who_watches_it(call: Call, mark: str, victims: str) -> None:
    started = time.monotonic()
    script = f"spawner=$(awk '{{print $4}}' /proc/$PPID/stat); kill -STOP {victims}; sleep {mark}"
    await call("run_command", command=["sh", "-c", script], timeout_s=0.5)
    assert time.monotonic() - started < 3
    assert gone(mark, within_s=2)
    for number in range(3):
        assert (await call("run_command", command=["echo", str(number)])).output == f"{number}\n"


async def test_it_runs_many_at_once(call: Call, mark: str) -> None:
    results = await asyncio.gather(*(call("run_command", command=["sh", "-c", f"echo {n}"]) for n in range(30)))
    assert [result.output for result in results] == [f"{n}\n" for n in range(30)]


async def test_it_leaves_no_descriptor_open(call: Call) -> None:
    await call("run_command", command=["true"])
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        await call("run_command", command=["true"])
        await call("run_command", command=["nowhere-to-be-found"])
        await call("run_command", command=["sleep", "5"], timeout_s=0.01)
    assert len(os.listdir("/proc/self/fd")) <= before
