"""daphne's WebSocket protocol with what autobahn below it takes too strictly, or not strictly enough."""

from typing import Any

from daphne.ws_protocol import WebSocketProtocol


class SocketProtocol(WebSocketProtocol):
    def failHandshake(self, reason: str, code: int = 400, responseHeaders: Any = None) -> None:  # noqa: N802, N803
        """An origin that nobody can read, or none at all ("null"), is refused like any foreign one."""
        super().failHandshake(reason, 403 if "origin" in reason.lower() else code, responseHeaders)

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802
        """Any code that a server may send: autobahn's `sendClose` raises for 1011, 1012 and 1013 (RFC 6455, section
        7.4.1, and the IANA registry that grew since)."""
        self.sendCloseFrame(code=1000 if code is None else code)
