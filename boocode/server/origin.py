"""Lets only this server's own pages open a socket. CVE-2025-52882: a site in a tab drove a local agent."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

Asgi = Callable[[Any, Any, Any], Awaitable[None]]
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def is_own_origin(origin: str, scope: Mapping[str, Any], host: str) -> bool:
    """Tell whether `origin` names the scheme, host and port that this request was made to."""
    if settings.PUBLIC_URL and origin == settings.PUBLIC_URL:
        return True
    scheme = "https" if scope.get("scheme") in ("https", "wss") else "http"
    return _split_origin(origin) == _split_origin(f"{scheme}://{host}") is not None


def _split_origin(origin: str) -> tuple[str, str, int] | None:
    try:
        url = urlsplit(origin)
        port = url.port or DEFAULT_PORTS[url.scheme]
    except (ValueError, KeyError):
        return None
    return (url.scheme, url.hostname, port) if url.hostname else None


class OriginGuard:
    """Refuses a socket (403 in the handshake) from another origin, and one without an origin that brings no token."""

    def __init__(self, inner: Asgi) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        origin, host = headers.get(b"origin"), headers.get(b"host", b"").decode("latin-1")
        domain, _port = split_domain_port(host)
        if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
            allowed = False
        elif origin is None:
            # A page of another site can't set this header; Basic would be a browser's own doing, behind a proxy.
            allowed = headers.get(b"authorization", b"").lower().startswith(b"bearer")
        else:
            allowed = is_own_origin(origin.decode("latin-1"), scope, host)
        app = self.inner if allowed else WebsocketDenier()
        await app(scope, receive, send)
