"""What an adapter costs without the rest of BooCode: a delta from the socket to the agent, a request, the import."""

import asyncio
import json
import sys
import time
from statistics import median
from typing import Any

import uvloop

from chats.providers.base import AssistantText, TextDelta, ToolCall, ToolOutput, TranscriptItem, UserText
from chats.providers.config import ProviderConfig
from chats.providers.registry import open_model
from tests.bench.model import playing
from tests.bench.place import Place
from tests.bench.process import own_mb
from tests.bench.table import Table
from tests.providers.playing import SYSTEM, TOOLS
from tests.server import PROJECT_DIR

DELTAS = 5_000
RUNS = 7
STEPS = 100
ANSWER = [{"text": "A short answer.", "chunk": 1}]
# Which answer is next is told by the messages of the model in a request.
SCRIPT: list[Any] = [ANSWER, *([[{"burst": DELTAS}]] * RUNS), *([ANSWER] * STEPS)]


async def run(place: Place) -> list[Table]:
    table = Table("A model's adapter alone")
    with playing(SCRIPT, place.home) as model:
        command = [sys.executable, "-m", "tests.bench.adapters", model.url]
        process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT_DIR, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
    found = json.loads(output)
    table.add("processor time of a delta, socket to agent", found["delta_us"], "µs", 40)
    table.add("deltas a second in a burst", found["deltas_per_s"], "/s", 50_000, at_least=True)
    table.add("a request of 200 messages and its answer, processor time", found["request_ms"], "ms", 2)
    table.add("the first request: import and connect", found["first_ms"], "ms", 300)
    table.add("memory of the process after it", found["memory_mb"], "MB")
    return [table]


async def measure(url: str) -> dict[str, float]:
    before_mb, began = own_mb("self"), time.process_time()
    model = open_model("openai:test-model", ProviderConfig(openai_base_url=url, openai_api_key="bench"))
    said: list[TranscriptItem] = [UserText("Go.")]
    await ask(model, said)
    first_ms = (time.process_time() - began) * 1000
    memory_mb = own_mb("self")
    cpu_us, rates = [], []
    for _ in range(RUNS):
        said += [AssistantText("Yes."), UserText("Go on.")]
        began, cpu = time.perf_counter(), time.process_time()
        count = await ask(model, said)
        cpu_us.append((time.process_time() - cpu) * 1e6 / DELTAS)
        rates.append(count / (time.perf_counter() - began))
    requests_ms = []
    for number in range(STEPS):
        call = ToolCall(f"call_{number}", "read_file", {"path": f"src/{number}.py"})
        said += [AssistantText("I read it.", (call,)), ToolOutput(call.id, "read_file", "a line of code\n" * 40)]
        cpu = time.process_time()
        await ask(model, said)
        requests_ms.append((time.process_time() - cpu) * 1000)
    await model.aclose()
    return {
        "delta_us": median(cpu_us),
        "deltas_per_s": median(rates),
        "request_ms": median(requests_ms[-20:]),
        "first_request_ms": median(requests_ms[:20]),
        "first_ms": first_ms,
        "memory_mb": memory_mb,
        "added_mb": memory_mb - before_mb,
    }


async def ask(model: Any, said: list[TranscriptItem]) -> int:
    """Asks, and counts the stamped deltas, of which some may have come as one."""
    count = 0
    async for event in model.stream(SYSTEM, said, TOOLS):
        if isinstance(event, TextDelta):
            count += event.content.count(" ")
    return count


if __name__ == "__main__":
    print(json.dumps(uvloop.run(measure(sys.argv[1]))))
