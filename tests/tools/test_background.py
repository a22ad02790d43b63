"""Commands in the background: started, listed, read, stopped, and gone with their owner."""

import asyncio
import os
from dataclasses import replace

import pytest

from tests.tools.conftest import Call
from tests.tools.living import gone, living
from tools import registry
from tools.base import ToolContext
from tools.commands.background import BACKGROUND, MAX_RUNNING


@pytest.fixture(autouse=True)
async def _nothing_stays() -> object:
    yield
    await BACKGROUND.close()


def id_of(output: str) -> str:
    return output.split(":")[0]


async def test_it_goes_on_and_is_read_in_parts(call: Call) -> None:
    started = await call("run_command", command=["sh", "-c", "echo one; sleep 1; echo two; sleep 60"], background=True)
    assert started.error is None
    assert "one" in started.output
    id = id_of(started.output)
    assert "runs for" in (await call("background")).output
    read = ""
    async with asyncio.timeout(10):
        while "two" not in read:
            read = (await call("background", id=id)).output
    assert "\none\n" not in read
    assert "[no new output]" in (await call("background", id=id)).output


async def test_it_can_be_stopped(call: Call) -> None:
    mark = f"32{os.getpid()}"
    line = f"setsid sleep {mark} & sleep {mark}"
    id = id_of((await call("run_command", command=["sh", "-c", line], background=True)).output)
    assert living(mark)
    assert "was stopped" in (await call("background", id=id, stop=True)).output
    assert gone(mark)


async def test_its_end_is_waited_for(call: Call) -> None:
    started = await call("run_command", command=["sh", "-c", "sleep 1; echo done; exit 3"], background=True)
    ended = (await call("background", id=id_of(started.output), wait_s=20)).output
    assert "ended with exit status 3" in ended
    assert "done" in ended


async def test_what_fails_at_once_is_an_error(call: Call) -> None:
    result = await call("run_command", command=["sh", "-c", "echo broken; exit 1"], background=True)
    assert result.status == "error"
    assert "broken" in result.output


async def test_a_long_output_is_kept_by_its_end(call: Call) -> None:
    line = "head -c 300000 /dev/zero | tr '\\0' x; echo END; sleep 60"
    started = await call("run_command", command=["sh", "-c", line], background=True)
    assert "bytes left out here" in started.output
    assert "END" in started.output
    assert len(started.output) < 40_000


async def test_they_are_the_owners_alone(context: ToolContext) -> None:
    mark = f"33{os.getpid()}"
    mine, other = replace(context, owner="mine"), replace(context, owner="other")
    args = {"command": ["sleep", mark], "background": True}
    id = id_of((await registry.call("run_command", args, mine)).output)
    assert "nothing runs" in (await registry.call("background", {}, other)).output
    assert (await registry.call("background", {"id": id}, other)).error
    await BACKGROUND.stop_all("other")
    assert living(mark)
    await BACKGROUND.stop_all("mine")
    assert gone(mark)


async def test_there_are_not_too_many(call: Call) -> None:
    results = [await call("run_command", command=["sleep", "60"], background=True) for _ in range(MAX_RUNNING + 1)]
    assert [result.error is None for result in results] == [True] * MAX_RUNNING + [False]
