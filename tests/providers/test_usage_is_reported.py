from typing import Any

from chats.providers.base import Usage
from tests.providers.playing import play


async def test_it_counts_cached_and_reasoning_tokens(serve: Any, ask: Any) -> None:
    spent = {
        "prompt_tokens": 1200,
        "completion_tokens": 300,
        "prompt_tokens_details": {"cached_tokens": 1000},
        "completion_tokens_details": {"reasoning_tokens": 120},
    }
    usage = (await play(ask(await serve([[{"text": "Hi", "usage": spent}]])))).end.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (1200, 300)
    assert (usage.cache_tokens, usage.reasoning_tokens) == (1000, 120)


async def test_it_says_nothing_where_the_server_says_nothing(serve: Any, ask: Any) -> None:
    spent = {"prompt_tokens": 0, "completion_tokens": 0}
    assert (await play(ask(await serve([[{"text": "Hi", "usage": spent}]])))).end.usage == Usage()


async def test_it_tells_that_an_answer_ran_into_its_limit(serve: Any, ask: Any) -> None:
    assert (await play(ask(await serve([[{"text": "Hi"}, {"finish": "length"}]])))).end.finish_reason == "length"
