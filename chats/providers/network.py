"""The sockets below the HTTP client. Text of an answer is told (see `ahead`) the moment its bytes are here. The HTTP
client takes longer over them than all that follows, so it is given them seldom, and many at a time."""

import asyncio
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ssl import SSLContext
from typing import Any, cast

import aiohappyeyeballs
import httpcore2
import httpx2
from httpcore2._utils import is_socket_readable

from . import ahead
from .ahead import Ahead
from .joining import Answer

NEXT_ADDRESS_AFTER_S = 0.25
MAX_UNSEEN_BYTES = 256 * 1024
INFO = {"client_addr": "sockname", "server_addr": "peername"}


def tell_ahead(client: httpx2.AsyncClient) -> None:
    """Let the client's sockets tell the text of answers to whoever asks."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx2.AsyncHTTPTransport):  # its pool takes a backend, but httpx does not pass one on
            transport._pool._network_backend = Backend()


class Backend(httpcore2.AsyncNetworkBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        with _mapped(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            async with asyncio.timeout(timeout):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                connected = await aiohappyeyeballs.start_connection(found, happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S)
                for option in socket_options or ():
                    connected.setsockopt(*option)
                _transport, wire = await loop.create_connection(Wire, sock=connected)
        return wire

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Wire(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection. What comes is looked at when a reader waits, for only then has all before been read."""

    _socket: asyncio.Transport
    _transport: asyncio.Transport
    """The same, or TLS above it. That is never paused: uvloop forgets what it holds back when the other side closes."""

    def __init__(self) -> None:
        self._told: Ahead | None = None
        self._answer: Answer | None = None
        self._unseen = self._given = b""
        self._waiter: asyncio.Future[None] | None = None
        self._patience: asyncio.Timeout | None = None
        self._silence_s: float | None = None
        self._paused = self._over = False
        self._failure: Exception | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    # --- The HTTP client's side --------------------------------------------------------------------------------

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes, none at the end. `timeout` is for a silence of the other side."""
        with _mapped(httpcore2.ReadTimeout, httpcore2.ReadError):
            if not self._given:
                self._look()
            if not self._given and not self._over:
                await self._more(timeout)
            data, self._given = self._given[:max_bytes], self._given[max_bytes:]
            if not data and self._failure is not None:
                raise self._failure
            return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        self._told, self._answer = ahead.current.get(), None  # what comes from now on is the answer to this
        with _mapped(httpcore2.WriteTimeout, httpcore2.WriteError):
            if self._over or self._transport.is_closing():
                raise self._failure or ConnectionResetError("The connection was closed.")
            self._transport.write(buffer)
            async with asyncio.timeout(timeout):
                await self._writable.wait()

    async def aclose(self) -> None:
        self._transport.abort()  # nobody wants what is still to be written, or said in farewell

    async def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            with _mapped(httpcore2.ConnectTimeout, httpcore2.ConnectError):
                async with asyncio.timeout(timeout):
                    secured = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
        except BaseException:
            self._transport.abort()
            raise
        assert secured is not None
        self._transport = secured
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # asked of an idle connection: whether the server has closed it
            idle = not self._over and not self._unseen and not self._socket.is_closing()
            return not idle or is_socket_readable(self._socket.get_extra_info("socket"))
        return self._transport.get_extra_info(INFO.get(info, info))

    # --- asyncio's side ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self._socket = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unseen += data
        if self._is_awaited():
            self._be_patient_anew()
            self._look()
        elif len(self._unseen) > MAX_UNSEEN_BYTES and not self._paused:
            self._paused = True
            self._socket.pause_reading()

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # --- Between them ------------------------------------------------------------------------------------------

    def _look(self) -> None:
        data, self._unseen = self._unseen, b""
        if self._paused and not self._over:
            self._paused = False
            self._socket.resume_reading()
        if self._answer is None and self._told is not None:
            self._answer = Answer(self._told)
        self._given += data if self._answer is None else self._answer.take(data) if data else b""
        if self._over and self._answer is not None:
            self._given += self._answer.end()
        if (self._given or self._over) and self._waiter is not None and self._is_awaited():
            self._waiter.set_result(None)

    async def _more(self, silence_s: float | None) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        self._silence_s = silence_s
        try:
            async with asyncio.timeout(silence_s) as self._patience:
                await self._waiter
        finally:
            self._waiter = self._patience = None

    def _is_awaited(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

    def _be_patient_anew(self) -> None:
        if self._patience is not None and self._silence_s is not None:
            self._patience.reschedule(asyncio.get_running_loop().time() + self._silence_s)

    def _end(self, failure: Exception | None) -> None:
        self._over, self._failure = True, self._failure or failure
        self._writable.set()
        if self._is_awaited():
            self._look()


@contextmanager
def _mapped(timeout: type[Exception], error: type[Exception]) -> Iterator[None]:
    """The HTTP client's words for what went wrong."""
    try:
        yield
    except TimeoutError as reason:
        raise timeout(str(reason)) from reason
    except (OSError, UnicodeError) as reason:  # the latter for a name that can't be one of a host
        raise error(str(reason)) from reason
