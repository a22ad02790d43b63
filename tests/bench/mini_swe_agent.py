"""A tool call of mini-swe-agent, the leanest agent of its kind, measured as `tool_calls` measures ours: from the end of
the model's answer to its next request, 50 small files read one after the other.

    python3 -m venv /some/folder && /some/folder/bin/pip install mini-swe-agent
    .venv/bin/python -m tests.bench.mini_swe_agent /some/folder/bin/python
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.model import Exchange
from tests.bench.table import median
from tests.bench.tool_calls import overheads_ms
from tests.openai_server import read_request, send_json

CALLS = 50
LAST = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
AGENT = """
import pathlib, sys, yaml, minisweagent
from minisweagent.agents.default import DefaultAgent
from minisweagent.environments.local import LocalEnvironment
from minisweagent.models.litellm_model import LitellmModel
config = yaml.safe_load((pathlib.Path(minisweagent.__file__).parent / "config/mini.yaml").read_text())
of_the_terminal = ("mode", "confirm_exit", "whitelist_actions")
agent = {name: value for name, value in config["agent"].items() if name not in of_the_terminal}
model = config["model"] | {"model_name": "openai/test", "cost_tracking": "ignore_errors"}
model["model_kwargs"] = model.get("model_kwargs", {}) | {"api_base": sys.argv[1], "api_key": "bench"}
DefaultAgent(LitellmModel(**model), LocalEnvironment(**config["environment"]), **agent).run("Read all notes.")
"""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python", help="the one that mini-swe-agent is installed for")
    python = parser.parse_args().python
    exchanges: list[Exchange] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await read_request(reader)) is not None:
            number = len(exchanges)
            await send_json(writer, 200, answer(number, f"cat notes/{number}.txt" if number < CALLS else LAST))
            exchanges.append(Exchange(request.at_ns, time.time_ns(), len(request.body)))
        writer.close()

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "notes").mkdir()
        for number in range(CALLS):
            (home / "notes" / f"{number}.txt").write_text(f"Note {number}: nothing much.\n" * 4)
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            quiet = {"HOME": folder, "MSWEA_SILENT_STARTUP": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
            process = await asyncio.create_subprocess_exec(
                *(python, "-c", AGENT, f"http://127.0.0.1:{port}/v1"),
                cwd=folder,
                env={"PATH": "/usr/bin:/bin", "OPENAI_API_KEY": "bench", **quiet},
                stdout=asyncio.subprocess.DEVNULL,
            )
            await process.wait()
    gaps = overheads_ms(exchanges)[:CALLS]
    print(f"overhead of a call, mean of {len(gaps)}: {statistics.mean(gaps):.1f} ms, p50 {median(gaps):.1f} ms")


def answer(number: int, command: str) -> dict[str, Any]:
    function = {"name": "bash", "arguments": json.dumps({"command": command})}
    call = {"id": f"call_{number}", "type": "function", "function": function}
    message = {"role": "assistant", "content": "Next.", "tool_calls": [call]}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "test",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


if __name__ == "__main__":
    asyncio.run(main())
