"""Refuses a request that is too large by its Content-Length, or while it comes, instead of taking it whole first."""

import asyncio
import json
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings

LINGER_S = 5.0
"""How long a client may go on sending what nobody reads; cut at once, it would often not see the answer."""
MAX_COOKIE_BYTES = 8 * 1024


class BoundedRequest(WebRequest):
    """Answers 413 to a larger body than Django would take, and 431 to cookies that no browser of ours has."""

    _refused = False
    _received = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        super().gotLength(0)  # a file in memory: what is taken is small
        cookies = self.requestHeaders.getRawHeaders(b"Cookie") or ()
        if sum(map(len, cookies)) > MAX_COOKIE_BYTES:
            self._refuse(431, b"Request Header Fields Too Large", "The cookies are too large. Remove them.")
        elif (length or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            self._refuse_body()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self._received += len(data)
        if self._refused:
            return
        if self._received > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            self._refuse_body()
        else:
            super().handleContentChunk(data)

    def process(self) -> Any:
        return None if self._refused else super().process()

    def _refuse_body(self) -> None:
        from boocode.web.errors import TOO_LARGE  # it needs apps that are loaded

        self._refuse(413, b"Content Too Large", TOO_LARGE)

    def _refuse(self, status: int, phrase: bytes, detail: str) -> None:
        """Answer and close: nothing that follows on this connection is read as a request."""
        self._refused = True
        self.content.truncate(0)
        body = json.dumps({"detail": detail}).encode()
        head = b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        transport = self.channel.transport
        transport.write(head % (status, phrase, len(body)) + body)
        transport.loseWriteConnection()
        asyncio.get_running_loop().call_later(LINGER_S, transport.abortConnection)


def limit_requests(factory: HTTPFactory) -> None:
    """Make the connections that `factory` accepts from now on refuse what is too large."""
    build = factory.buildProtocol

    def build_limited(address: Any) -> Any:
        protocol = build(address)
        protocol.requestFactory = BoundedRequest
        return protocol

    factory.buildProtocol = build_limited
