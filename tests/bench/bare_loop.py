"""The smallest agent loop in Python: the yardstick for a tool call. It asks the model, runs what it calls and repeats,
with no database, stream, policy or browser.

    python -m tests.bench.bare_loop http://127.0.0.1:9000/v1 FOLDER
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp

Message = dict[str, Any]


async def main(url: str, folder: Path) -> None:
    messages: list[Message] = []
    async with aiohttp.ClientSession() as http:
        for prompt in ("Get ready.", "Go."):
            messages.append({"role": "user", "content": prompt})
            while calls := await ask(http, url, messages):
                for call in calls:
                    output = await run(call["function"], folder)
                    messages.append({"role": "tool", "tool_call_id": call["id"], "content": output})


async def ask(http: aiohttp.ClientSession, url: str, messages: list[Message]) -> list[dict[str, Any]]:
    """Append the model's answer to `messages`. Returns the tool calls in it."""
    answer: Message = {"role": "assistant", "content": ""}
    calls: list[dict[str, Any]] = []
    body = {"model": "test-model", "stream": True, "messages": messages}
    async with http.post(f"{url}/chat/completions", json=body) as response:
        async for line in response.content:
            if line.startswith(b"data: {"):
                for choice in json.loads(line[6:])["choices"]:
                    answer["content"] += choice["delta"].get("content") or ""
                    for piece in choice["delta"].get("tool_calls", []):
                        if piece["index"] == len(calls):
                            calls.append(piece)
                        else:
                            calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
    messages.append(answer | {"tool_calls": calls} if calls else answer)
    return calls


async def run(function: dict[str, str], folder: Path) -> str:
    args = json.loads(function["arguments"])
    if function["name"] == "read_file":
        return (folder / args["path"]).read_text()
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*args["command"], cwd=folder, stdout=pipe, stderr=pipe)
    output, errors = await process.communicate()
    return (output + errors).decode()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
