import statistics
import time
from typing import Any

from chats.providers.base import TextDelta
from tests.providers.playing import HELLO, SYSTEM, TOOLS, play


async def test_it_passes_each_delta_on_before_the_next_is_sent(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "warm"}], [{"stamps": 40, "pace_ms": 10}]])
    model = ask(server)
    first = await play(model)
    stream = model.stream(SYSTEM, [*HELLO, first.as_item(), *HELLO], TOOLS)
    delays_ms = [(time.time_ns() - int(event.content)) / 1e6 async for event in stream if isinstance(event, TextDelta)]
    assert len(delays_ms) == 40
    # Gathered up, half of them would be 200 ms late.
    assert statistics.median(delays_ms) < 10


async def test_it_keeps_their_order_and_every_character(serve: Any, ask: Any) -> None:
    text = "  Grüße, 世界 \n\n```py\nprint('👋')\n```\n "
    played = await play(ask(await serve([[{"text": text, "chunk": 3}]])))
    assert played.text == text


async def test_it_tells_reasoning_from_text(serve: Any, ask: Any) -> None:
    played = await play(ask(await serve([[{"reasoning": "Hm, let me see.", "chunk": 4}, {"text": "Yes."}]])))
    assert (played.reasoning, played.text) == ("Hm, let me see.", "Yes.")


async def test_it_takes_thinking_tags_for_reasoning(serve: Any, ask: Any) -> None:
    """As local models write them into their text."""
    answer = [{"text": "<think>"}, {"text": "Hm."}, {"text": "</think>"}, {"text": "Yes."}]
    played = await play(ask(await serve([answer])))
    assert (played.reasoning, played.text) == ("Hm.", "Yes.")
