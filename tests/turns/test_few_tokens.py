"""What is sent to a model: little, and each request of a turn begins with the bytes of the one before it."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

from tests.openai_server import OpenAIServer
from tests.server import Server
from tests.turns.conftest import Talk

MAX_FIRST_REQUEST_BYTES = 8 * 1024


async def test_it_sends_a_small_first_request_and_only_appends(serve: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ünïcode \N{SNOWMAN}\n" * 20)
    script = [
        [{"text": "I look."}, {"tool": "read_file", "args": {"path": "a.txt"}}],
        [
            {
                "tool": "write_file",
                "args": {
                    "path": "b.txt",
                    "content": "x",
                },
            },
            {"tool": "list_files", "args": {}},
        ],
        [{"tool": "run_command", "args": {"command": ["false"]}}],
        [{"text": "Done."}],
        [{"text": "Once more."}],
    ]
    async with OpenAIServer(script) as provider:
        environment = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.url}
        server = await asyncio.to_thread(lambda: serve(**environment))
        chat = await asyncio.to_thread(Talk, server, tmp_path, "openai:test-model")
        for words in ("Go", "Again"):
            await asyncio.to_thread(chat.say, words)
            await asyncio.to_thread(chat.wait)
        bodies = [request.body for request in provider.asked]

    assert chat.texts("assistant")[-1] == "Once more."
    assert len(bodies) == 5
    assert len(bodies[0]) <= MAX_FIRST_REQUEST_BYTES
    for earlier, later in itertools.pairwise(bodies):
        # All of the earlier request but the brackets that close it; the next turn's too, so its cache hits as well.
        assert later.startswith(earlier.rstrip(b"}] \n"))
