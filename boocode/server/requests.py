"""Answers each request in one thread, and lets open requests end before the server does."""

import asyncio
from contextlib import suppress
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from .origin import Asgi

DRAIN_S = 5.0


class ThreadedHandler(ASGIHandler):
    """Runs all of a request's middleware and its view in one thread, as under WSGI.

    Django would hop between thread and event loop for each middleware that knows only one of them. A thread that waits
    for a loop which was stopped meanwhile waits for ever, and the process with it.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await sync_to_async(self.get_response)(request)
        return response


class OpenRequests:
    """Counts the requests that `inner` is answering, and refuses new ones once the server stops, as `stopping` says."""

    def __init__(self, inner: Asgi, stopping: asyncio.Event) -> None:
        self.inner = inner
        self.stopping = stopping
        self._open = 0
        self._done = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.stopping.is_set():
            headers = [(b"retry-after", b"1"), (b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"detail": "The server is being stopped. Try again."}'})
            return
        self._open += 1
        try:
            await self.inner(scope, receive, send)
        finally:
            self._open -= 1
            self._done.set()

    async def drain(self) -> None:
        """Refuse new requests, and wait for the open ones, `DRAIN_S` at most."""
        self.stopping.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while self._open:
                    self._done.clear()
                    await self._done.wait()
