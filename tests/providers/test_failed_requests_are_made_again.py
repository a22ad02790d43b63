import time
from typing import Any

import pytest

from tests.providers.playing import play

GOOD = [{"text": "Here I am."}]


@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_it_asks_again_where_that_may_help(serve: Any, ask: Any, status: int) -> None:
    server = await serve([[{"status": status, "headers": {"retry-after-ms": "10"}}], GOOD])
    played = await play(ask(server, retries=2))
    assert played.text == "Here I am."
    assert len(server.asked) == 2
    assert server.asked[0].body == server.asked[1].body


async def test_it_waits_as_long_as_it_was_told(serve: Any, ask: Any) -> None:
    server = await serve([[{"status": 429, "headers": {"retry-after": "1"}}], GOOD])
    started = time.monotonic()
    assert (await play(ask(server, retries=2))).text == "Here I am."
    assert time.monotonic() - started >= 1


async def test_it_does_not_wait_for_ever(serve: Any, ask: Any) -> None:
    server = await serve([[{"status": 429, "headers": {"retry-after": "3600"}}], GOOD])
    failure = (await play(ask(server, retries=2))).failure
    assert failure.retry_after_s == 3600
    assert "in 3600 s" in failure.message
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_it_asks_once_where_nothing_would_change(serve: Any, ask: Any, status: int) -> None:
    server = await serve([[{"status": status}], GOOD])
    assert (await play(ask(server, retries=2))).error
    assert len(server.asked) == 1


async def test_it_gives_up_after_so_many_times(serve: Any, ask: Any) -> None:
    server = await serve([[{"status": 500, "headers": {"retry-after-ms": "1"}}]] * 5)
    assert (await play(ask(server, retries=2))).failure.reason == "overloaded"
    assert len(server.asked) == 3


async def test_it_never_says_anything_twice(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "Half of an "}, {"cut": True}], GOOD])
    played = await play(ask(server, retries=2))
    assert played.text == "Half of an "
    assert played.failure.reason == "network"
    assert len(server.asked) == 1
