"""What the first request of a turn brings to the model: the system prompt, the tools, the message."""

import asyncio

from tests.bench.client import Client
from tests.bench.model import playing
from tests.bench.place import Place
from tests.bench.table import Table


async def run(place: Place) -> list[Table]:
    table = Table("The first request to the model")
    with playing([[{"text": "Done."}]], place.home) as model, place.serving(model) as server:
        session_id, chat_id = place.session(server)
        async with Client(server, session_id) as client:
            await asyncio.to_thread(server.send, chat_id, "Say that you are done.")
            await client.idle()
        table.add("body", model.exchanges[0].bytes / 1024, "KB", 8)
    return [table]
