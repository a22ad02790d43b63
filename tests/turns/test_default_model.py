"""Without a key and without a choice, a model server that answers on this machine is asked; else the demo plays."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.openai_server import OpenAIServer
from tests.server import Server
from tests.turns.conftest import Talk

OLLAMA_PORT = 11434


async def test_it_asks_a_local_server_that_answers(serve: Callable[..., Server], tmp_path: Path) -> None:
    async with OpenAIServer([[{"text": "From here."}]], models=["small"], port=OLLAMA_PORT):
        server = await asyncio.to_thread(lambda: serve(BOOCODE_MODEL=""))
        chat = await asyncio.to_thread(Talk, server, tmp_path, "")
        await asyncio.to_thread(chat.say, "go")
        answer = (await asyncio.to_thread(chat.wait))[-1]
    assert (answer["model"], answer["content"]) == ("ollama:small", "From here.")


def test_it_plays_the_demo_where_none_answers(serve: Callable[..., Server], tmp_path: Path) -> None:
    chat = Talk(serve(BOOCODE_MODEL=""), tmp_path, "")
    chat.say("go")
    answer = chat.wait(40)[-1]
    assert answer["model"] == "scripted:demo"
    assert answer["status"] == "complete"
