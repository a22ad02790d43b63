from typing import Any

import pytest

from tests.providers.playing import play

LIMITS = {"max_tokens", "max_completion_tokens"}


async def test_it_sends_no_limit_by_itself(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "Yes."}]])
    await play(ask(server))
    assert not LIMITS & server.asked[0].json.keys()


@pytest.mark.parametrize("name", ["ollama:test-model", "llamacpp:test-model", "lmstudio:test-model", "vllm:test-model"])
async def test_it_uses_the_word_that_local_servers_know(serve: Any, ask: Any, name: str) -> None:
    server = await serve([[{"text": "Yes."}]])
    local = {name.partition(":")[0]: server.url}
    assert (await play(ask(server, name, local_servers=local, max_output_tokens=500))).text == "Yes."
    assert {key: server.asked[0].json[key] for key in LIMITS & server.asked[0].json.keys()} == {"max_tokens": 500}
