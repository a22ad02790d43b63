import asyncio
import time
from contextlib import suppress
from typing import Any

from chats.providers.base import TextDelta
from tests.providers.playing import HELLO, SYSTEM, TOOLS, play


async def test_it_gives_up_on_a_server_that_says_nothing(serve: Any, ask: Any) -> None:
    server = await serve([[{"hang": True}]])
    started = time.monotonic()
    failure = (await play(ask(server, stall_timeout_s=0.3, retries=2))).failure
    assert failure.reason == "timeout"
    assert "stopped answering" in failure.message
    assert time.monotonic() - started < 10
    assert len(server.asked) == 1


async def test_it_keeps_what_was_said_before_the_silence(serve: Any, ask: Any) -> None:
    played = await play(ask(await serve([[{"text": "So far"}, {"hang": True}]]), stall_timeout_s=1.5))
    assert played.text == "So far"
    assert played.failure.reason == "timeout"


async def test_it_lets_a_slow_model_take_its_time(serve: Any, ask: Any) -> None:
    """The limit is on each pause, not on the whole."""
    answer = [{"text": "slowly", "chunk": 1, "pace_ms": 150}]
    assert (await play(ask(await serve([answer]), stall_timeout_s=0.5))).text == "slowly"


async def test_it_stops_at_once_when_cancelled(serve: Any, ask: Any) -> None:
    model = ask(await serve([[{"text": "So far"}, {"hang": True}], [{"text": "Next."}]]))
    heard = asyncio.Event()

    async def listen() -> None:
        async for event in model.stream(SYSTEM, HELLO, TOOLS):
            if isinstance(event, TextDelta):
                heard.set()

    task = asyncio.create_task(listen())
    await asyncio.wait_for(heard.wait(), 10)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(task, 1)
    assert task.cancelled()
    assert (await play(model)).text == "Next."
