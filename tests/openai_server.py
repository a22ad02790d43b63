"""A local server that speaks OpenAI's chat completions protocol and answers from a script: for tests and benches.

    python -m tests.openai_server --port 9000 --script answers.json

A script is a list of answers; an answer is a list of parts, played in order:

    {"text": "…", "chunk": 8, "pace_ms": 10}      deltas of 8 characters, 10 ms before each
    {"reasoning": "…"}                            the same, as `reasoning_content`
    {"stamps": 100, "pace_ms": 10}                100 deltas that carry the time they were sent (`time.time_ns()`)
    {"tool": "read_file", "args": {…}, "chunk": 8}   a tool call, its arguments in pieces; a str goes out as it is;
                                                  "id" is the call's
    {"wait_s": 1}, {"usage": {…}}, {"finish": "length"}
    {"status": 429, "headers": {…}, "body": {…}}  an error instead of an answer
    {"cut": true}                                 the connection drops in the middle of a chunk
    {"end": true}                                 the answer just stops, as if it were whole
    {"broken": true}                              a line that is no JSON
    {"error": {…}}                                an error object inside the stream
    {"hang": true}                                silence until the client goes away

`{"repeat": n, "of": [answers]}` stands for many answers; {i} in their texts is 0, 1, 2 … The request's assistant
messages say which answer is next, so several chats can play one script at once; an answer that fails is played once.
"""

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext
from typing import Any, Self

FAILURES = {"status", "cut", "end", "broken", "error", "hang"}
REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}

Part = dict[str, Any]
Answer = list[Part]


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    at_ns: int = field(default_factory=time.time_ns)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class OpenAIServer:
    """Use as `async with OpenAIServer(script) as server`. `server.url` is the base URL."""

    def __init__(
        self,
        script: list[Any] | None = None,
        models: list[str] | None = None,
        port: int = 0,
        tls: SSLContext | None = None,
        any_path: bool = False,
        models_body: Any = None,
    ) -> None:
        self.answers = list(unrolled(script or []))
        self.models = models or ["test-model"]
        self.requests: list[Request] = []
        self.port = port
        self.tls = tls
        self.any_path = any_path
        self.models_body = models_body
        self._failed = 0
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    @property
    def asked(self) -> list[Request]:
        """The requests for an answer."""
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._closing.set()
        tasks = [task for task in self._open.values() if task is not None]
        self.hang_up()
        await asyncio.gather(*tasks)

    def hang_up(self) -> None:
        """Drop all connections."""
        for writer in self._open:
            writer.transport.abort()

    async def serve_forever(self) -> None:
        assert self._server is not None
        await self._server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = asyncio.current_task()
        try:
            while (request := await read_request(reader)) is not None:
                self.requests.append(request)
                await self._answer(request, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._open.pop(writer)

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.path.endswith("/models"):
            data = [{"id": name, "object": "model", "created": 0, "owned_by": "tests"} for name in self.models]
            await send_json(writer, 200, self.models_body or {"object": "list", "data": data})
        elif request.path.endswith("/chat/completions") or self.any_path:
            await self._play(self._next(request), request, writer)
        else:
            await send_json(writer, 404, {"error": {"message": f"no such path: {request.path}"}})

    def _next(self, request: Request) -> Answer:
        index = sum(item.get("role") == "assistant" for item in request.json.get("messages", ())) + self._failed
        answer = self.answers[index] if index < len(self.answers) else [{"text": "The script is at its end."}]
        self._failed += any(FAILURES & part.keys() for part in answer)
        return answer

    async def _play(self, answer: Answer, request: Request, writer: asyncio.StreamWriter) -> None:
        if answer and "status" in answer[0]:
            part = answer[0]
            await send_json(writer, part["status"], part.get("body", {"error": {"message": "no"}}), part.get("headers"))
            return
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        async for line in lines(answer, request, self._closing):
            if writer.is_closing():
                raise ConnectionResetError
            if line is None:
                writer.write(b"400\r\ndata: {")
                await writer.drain()
                raise ConnectionResetError
            writer.write(b"%x\r\n%b\r\n" % (len(line), line))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def lines(answer: Answer, request: Request, closing: asyncio.Event) -> AsyncIterator[bytes | None]:
    """The lines of the event stream; None where the connection shall drop."""
    calls, finish = 0, "stop"
    usage = {"prompt_tokens": len(request.body) // 4, "completion_tokens": 7, "total_tokens": 0}
    for part in answer:
        if FAILURES & part.keys():
            async for line in failing(part, closing):
                yield line
            if "end" in part:
                return
        await asyncio.sleep(part.get("wait_s", 0))
        usage, finish = usage | part.get("usage", {}), part.get("finish", finish)
        for delta in deltas(part, calls):
            await asyncio.sleep(part.get("pace_ms", 0) / 1000)
            yield event(chunk({"content": f"{time.time_ns()} "} if "stamps" in part else delta))
        if "tool" in part:
            calls, finish = calls + 1, "tool_calls"
    yield event(chunk({}, finish))
    yield event({**chunk({}), "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


async def failing(part: Part, closing: asyncio.Event) -> AsyncIterator[bytes | None]:
    if "cut" in part:
        yield None
    elif "hang" in part:
        await closing.wait()
    elif "broken" in part:
        yield b'data: {"choices": [{"delta": {"content": "oh\n\n'
    elif "error" in part:
        yield event({"error": part["error"]})


def deltas(part: Part, calls: int) -> Iterator[dict[str, Any]]:
    if "text" in part:
        yield from ({"content": piece} for piece in pieces(part["text"], part.get("chunk")))
    elif "reasoning" in part:
        yield from ({"reasoning_content": piece} for piece in pieces(part["reasoning"], part.get("chunk")))
    elif "stamps" in part:
        yield from ({} for _ in range(part["stamps"]))
    elif "tool" in part:
        args = part.get("args", {})
        text = args if isinstance(args, str) else json.dumps(args)
        # Unique, as a provider's are: a chat keeps its calls by id.
        call_id = part.get("id", f"call_{time.time_ns():x}_{calls}")
        function = {"name": part["tool"], "arguments": ""}
        yield {"tool_calls": [{"index": calls, "id": call_id, "type": "function", "function": function}]}
        for piece in pieces(text, part.get("chunk")):
            yield {"tool_calls": [{"index": calls, "function": {"arguments": piece}}]}


def pieces(text: str, size: int | None) -> list[str]:
    return [text[start : start + (size or len(text))] for start in range(0, len(text), size or len(text) or 1)]


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "test-model",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *rest = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest if line)}
    method, path, _ = first.split(" ", 2)
    return Request(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


async def send_json(
    writer: asyncio.StreamWriter, status: int, body: Any, headers: dict[str, str] | None = None
) -> None:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, str) else "application/json"
    fields = {"content-type": kind, "content-length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}\r\n{head}\r\n".encode() + content)
    await writer.drain()


def unrolled(script: list[Any]) -> Iterator[Answer]:
    for answer in script:
        if isinstance(answer, dict):
            for number in range(answer["repeat"]):
                yield from unrolled(filled(answer["of"], str(number)))
        else:
            yield answer


def filled(value: Any, number: str) -> Any:
    if isinstance(value, str):
        return value.replace("{i}", number)
    if isinstance(value, dict):
        return {name: filled(inner, number) for name, inner in value.items()}
    return [filled(inner, number) for inner in value] if isinstance(value, list) else value


async def main() -> None:
    parser = argparse.ArgumentParser(description="Plays an OpenAI-compatible server from a script.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--models", default="test-model", help="names for /v1/models, with commas between")
    options = parser.parse_args()
    script = json.loads(options.script.read_bytes())
    async with OpenAIServer(script, options.models.split(","), options.port) as server:
        print(f"OPENAI_BASE_URL={server.url}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
