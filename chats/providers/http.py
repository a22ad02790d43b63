"""Requests to model servers over aiohttp. Import it late.

Each event loop has one client session, whose connections outlive requests and turns: a TLS handshake costs a round trip
or two. `close_session` ends it.
"""

import asyncio
import io
import os
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import lru_cache
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

import aiohttp

from .config import LOOPBACK
from .errors import AnswerError, Category

MAX_ANSWER_BYTES = 256 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
CONNECT_TIMEOUT_S = 10.0
KEEP_ALIVE_S = 90.0
LAST_BYTES_TIMEOUT_S = 1.0
READ_BUFFER_BYTES = 256 * 1024
LARGE_BODY_BYTES = 512 * 1024

_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()


class HttpAnswer:
    """The status, the headers and the bytes of an answer."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self._content = response.content

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, in the pieces that reads bring. Raises AnswerError."""
        size = 0
        while True:
            with _explained():
                chunk = await self._content.readany()
            if not chunk:
                return
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise AnswerError("unreadable", f"more than {MAX_ANSWER_BYTES // 1024**2} MB")
            yield chunk

    async def read(self, max_bytes: int = MAX_ANSWER_BYTES) -> bytes:
        """The whole body, or its first `max_bytes`."""
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) >= max_bytes:
                break
        return bytes(body[:max_bytes])

    async def finish(self) -> None:
        """Waits shortly for the end after the last event, so that the connection can be used again."""
        with suppress(AnswerError, TimeoutError):
            async with asyncio.timeout(LAST_BYTES_TIMEOUT_S):
                await self.read()


@asynccontextmanager
async def request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    silence_s: float,
    session: aiohttp.ClientSession | None = None,
) -> AsyncIterator[HttpAnswer]:
    """Sends a request and gives its answer. `silence_s` is how long the server may send nothing; `session` is another
    than the event loop's. Raises AnswerError."""
    url, basic = split_user(url)
    timeout = aiohttp.ClientTimeout(sock_connect=min(CONNECT_TIMEOUT_S, silence_s), sock_read=silence_s)
    session = session or _session()
    # What the network told meanwhile is heard first: a connection that the server has closed is then not used again.
    for _ in range(3):
        await asyncio.sleep(0)
    with _explained():
        response = await session.request(
            method,
            url,
            data=_payload(body),
            headers={**headers, **basic},
            proxy=find_proxy(url),
            timeout=timeout,
            ssl=ssl_context() if url.startswith("https") else True,
        )
    try:
        yield HttpAnswer(response)
    finally:
        response.close()


async def close_session() -> None:
    """Closes the connections of this event loop."""
    session = _sessions.pop(asyncio.get_running_loop(), None)
    if session is not None:
        await session.close()


def _payload(body: bytes | None) -> bytes | io.BytesIO | None:
    """aiohttp writes a file in pieces, and warns of large bytes."""
    return io.BytesIO(body) if body is not None and len(body) > LARGE_BODY_BYTES else body


def split_user(url: str) -> tuple[str, dict[str, str]]:
    """The address without user and password, and the header that says them."""
    parts = urlsplit(url)
    if parts.username is None and parts.password is None:
        return url, {}
    basic = b64encode(unquote(f"{parts.username or ''}:{parts.password or ''}").encode()).decode()
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return plain, {"authorization": f"Basic {basic}"}


def find_proxy(url: str) -> str | None:
    """The proxy that the environment names for `url`. It is for the network, not for a server on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in LOOPBACK or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy:
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    if not proxy.startswith(("http://", "https://")):
        raise AnswerError("setup", "Only HTTP proxies are supported, and the environment names another kind.")
    return proxy


@lru_cache(maxsize=1)
def ssl_context() -> ssl.SSLContext:
    """Trusts what the machine trusts, or SSL_CERT_FILE and SSL_CERT_DIR; certifi's list where that is nothing."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"] and not (paths.capath and os.listdir(paths.capath)):
        with suppress(ImportError):
            import certifi

            context.load_verify_locations(certifi.where())
    return context


def new_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        # A compressed answer would come in lumps.
        headers={"accept-encoding": "identity", "user-agent": "boocode"},
        read_bufsize=READ_BUFFER_BYTES,
    )


def _session() -> aiohttp.ClientSession:
    loop = asyncio.get_running_loop()
    if loop not in _sessions:
        _sessions[loop] = new_session()
    return _sessions[loop]


@contextmanager
def _explained() -> Iterator[None]:
    """Turns what aiohttp raises into an AnswerError without a trace of it: its request has the key in its headers."""
    category: Category = "connection"
    try:
        yield
        return
    except TimeoutError:
        category = "timeout"
    except (aiohttp.ClientError, OSError, ValueError):
        pass
    raise AnswerError(category)
