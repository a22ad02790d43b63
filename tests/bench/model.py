"""The model of the benches: tests/openai_server.py as a process of its own, with exact times.

Beyond that server's parts an answer may be `{"stamps": n, "pace_ms": 10}` (here on a schedule that does not drift),
`{"burst": n}` (n stamped deltas in one write) or `{"flood_kb": n}` (text in deltas of 4 KiB, as fast as it is taken).
Each exchange is written down as a JSON line: when the request was there whole, when the answer was, and its size.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tests.openai_server import Answer, OpenAIServer, Request, chunk, event
from tests.processes import start, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

STAMP = "0000000000000000000 "
MODEL = "openai:test-model"
FAST = ("stamps", "burst", "flood_kb")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; times of `time.time_ns()`."""

    at_ns: int
    end_ns: int
    bytes: int


class TimedModel(OpenAIServer):
    def __init__(self, script: list[Any], exchanges: IO[str]) -> None:
        super().__init__(script)
        self.exchanges = exchanges

    async def _play(self, answer: Answer, request: Request, writer: asyncio.StreamWriter) -> None:
        if answer and any(name in answer[0] for name in FAST):
            await self._play_fast(answer[0], writer)
        else:
            await super()._play(answer, request, writer)
        line = json.dumps({"at_ns": request.at_ns, "end_ns": time.time_ns(), "bytes": len(request.body)})
        self.exchanges.write(f"{line}\n")
        self.exchanges.flush()
        self.requests.clear()

    async def _play_fast(self, part: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        async for pieces in fast_pieces(part):
            writer.write(b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces))
            await writer.drain()
        usage = {"total_tokens": 0, "prompt_tokens": 100, "completion_tokens": 7}
        last = event(chunk({}, "stop")) + event({**chunk({}), "choices": [], "usage": usage}) + b"data: [DONE]\n\n"
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(last), last))
        await writer.drain()


async def fast_pieces(part: dict[str, Any]) -> AsyncIterator[list[bytes]]:
    """The events that are sent in one go, each a chunk of the HTTP body as with any provider."""
    before, after = event(chunk({"content": STAMP})).split(STAMP.encode())
    if "stamps" in part:
        begin = time.monotonic()
        for number in range(part["stamps"]):
            await asyncio.sleep(begin + number * part["pace_ms"] / 1000 - time.monotonic())
            yield [b"%b%d %b" % (before, time.time_ns(), after)]
    elif "burst" in part:
        yield [b"%b%d %b" % (before, time.time_ns(), after)] * part["burst"]
    else:
        for _ in range(part["flood_kb"] // 4):
            yield [event(chunk({"content": "0123456789abcde\n" * 256}))]


class ModelProcess:
    """A TimedModel running elsewhere; `url` is its base URL."""

    def __init__(self, script: list[Any], home: Path) -> None:
        self.log = home / f"model-{time.time_ns()}.log"
        file = self.log.with_suffix(".json")
        file.write_text(json.dumps(script))
        self.process = start([sys.executable, "-m", "tests.bench.model", file], log=self.log)
        deadline = time.monotonic() + 20
        while "\n" not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self.log.read_text())
            time.sleep(0.02)
        self.url = self.log.read_text().split("\n", 1)[0]

    @property
    def exchanges(self) -> list[Exchange]:
        return [Exchange(**json.loads(line)) for line in self.log.read_text().splitlines()[1:]]

    def stop(self) -> None:
        stop(self.process)


def environment_for(url: str) -> dict[str, str]:
    """What a server needs to ask the model there as MODEL."""
    return {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "bench", "BOOCODE_MODEL": MODEL}


@contextmanager
def playing(script: list[Any], home: Path) -> "Iterator[ModelProcess]":
    model = ModelProcess(script, home)
    try:
        yield model
    finally:
        model.stop()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("script", type=Path)
    script = json.loads(parser.parse_args().script.read_bytes())
    async with TimedModel(script, sys.stdout) as model:
        print(model.url, flush=True)
        await model.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
