"""How a provider's model is asked over HTTP. Imports aiohttp: load it late."""

import logging
import traceback
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import Protocol

from chats.providers.protocols.answer import DONE, Adapter, AnswerReader, read_json

from . import http
from .base import ModelError, ModelEvent, ToolSchema, TranscriptItem
from .catalog import PROVIDERS
from .config import ProviderConfig
from .error_bodies import message_in, read_status
from .errors import AnswerError, Source, without_secrets
from .lazy_imports import load
from .registry import split_name
from .sse import BOM, EventStream, EventTooLargeError

logger = logging.getLogger(__name__)

MAX_WHOLE_BYTES = 8 * 1024 * 1024


class Connection(Protocol):
    """A way to ask one model."""

    def ask(
        self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        """One request. Raises what `explain` has words for."""
        ...

    def explain(self, error: Exception) -> ModelError: ...

    async def aclose(self) -> None: ...


class HttpConnection:
    """Asks through an adapter of ours. The sockets are not its own: they stay open for the next turn."""

    def __init__(self, adapter: Adapter, source: Source, silence_s: float) -> None:
        self._adapter = adapter
        self._source = source
        self._silence_s = silence_s

    async def ask(
        self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]
    ) -> AsyncGenerator[ModelEvent, None]:
        adapter = self._adapter
        body = adapter.write_request(system, transcript, tools)
        reader = adapter.read_answer()
        async with http.request("POST", adapter.url, adapter.headers, body, silence_s=self._silence_s) as answer:
            if answer.status != 200:
                raise read_status(answer.status, await answer.read(http.MAX_ERROR_BYTES), answer.headers)
            pieces = AnswerPieces(reader)
            async for chunk in answer.chunks():
                for event in pieces.feed(chunk):
                    yield event
                if reader.is_over:
                    await answer.finish()
                    break
        for event in pieces.end():
            yield event

    def explain(self, error: Exception) -> ModelError:
        if isinstance(error, AnswerError):
            return self._source.explain(error)
        # Our own mistake, or something that no server should send: the server never said the exception's words.
        trace = without_secrets("".join(traceback.format_exception(error)), self._source.secrets)
        logger.error("The answer of %s could not be read.\n%s", self._source.label, trace)
        return self._source.explain(AnswerError("unreadable"))

    async def aclose(self) -> None:
        pass


class AnswerPieces:
    """Reads an answer from its bytes: an event stream, or one JSON value from a server that does not stream."""

    def __init__(self, reader: AnswerReader) -> None:
        self._reader = reader
        self._events = EventStream()
        self._start = b""
        self._whole: bytearray | None = None
        self._is_known = False

    def feed(self, chunk: bytes) -> Iterator[ModelEvent]:
        """The deltas that `chunk` completes. Raises AnswerError."""
        if not self._is_known:
            chunk = self._look_at_start(chunk)
        if self._whole is not None:
            self._whole += chunk
            if len(self._whole) > MAX_WHOLE_BYTES:
                raise AnswerError("unreadable", "an answer of more than 8 MB in one piece")
            return
        try:
            found = self._events.feed(chunk)
        except EventTooLargeError:
            raise AnswerError("unreadable", "an event of more than 1 MB") from None
        yield from self._read(found)

    def end(self) -> Iterator[ModelEvent]:
        """The rest, the tool calls and the end of the step. Raises AnswerError."""
        if self._whole is not None:
            yield from self._read_whole(bytes(self._whole))
        elif not self._reader.is_over:
            rest = self._events.end()
            try:
                values = [read_json(data) for data in rest if data != DONE]
            except AnswerError:
                values = []  # cut in the middle of it
            for value in values:
                yield from self._reader.read(value)
        yield from self._reader.end()

    def _read_whole(self, data: bytes) -> Iterator[ModelEvent]:
        """Reads one answer, or its chunks as a list or a line each."""
        try:
            values = [read_json(data)]
        except AnswerError:
            values = [read_json(line) for line in data.splitlines() if line.strip()]
        if len(values) == 1 and isinstance(values[0], list) and not message_in(values[0]):
            values = values[0]
        if len(values) == 1:
            yield from self._reader.read_whole(values[0])
        else:
            for value in values:
                yield from self._reader.read(value)

    def _look_at_start(self, chunk: bytes) -> bytes:
        """What came so far, once its first character tells what it is. Raises AnswerError where that is a web page."""
        self._start += chunk
        start = self._start.lstrip().removeprefix(BOM).lstrip()
        if BOM.startswith(start):
            return b""
        if start.startswith(b"<"):
            raise AnswerError("unreadable")
        if start:
            self._is_known = True
            if start.startswith((b"{", b"[")):
                self._whole = bytearray()
        return start

    def _read(self, found: Iterable[bytes]) -> Iterator[ModelEvent]:
        reader = self._reader
        for data in found:
            if data == DONE:
                reader.is_over = True
            if reader.is_over:
                return
            yield from reader.read(read_json(data))


def connect(name: str, config: ProviderConfig) -> Connection:
    """Makes ready what the model `name` needs; nothing is sent yet. Raises ModelError not_configured."""
    provider_name, model = split_name(name)
    provider = PROVIDERS[provider_name]
    protocol = config.protocol(provider_name)
    module = load(f"protocols.{protocol}")
    base_url = config.base_url(provider_name)
    source = Source(provider.label, model, base_url, provider.key, config.secrets())
    if protocol == "other":
        connection: Connection = module.connect(provider_name, provider, model, config)
        return connection
    if base_url.startswith("https"):
        http.ssl_context()  # 20 ms that no event loop shall wait
    adapter = module.open_adapter(provider_name, model, base_url, config)
    return HttpConnection(adapter, source, config.stall_timeout_s)
