"""Corrects daphne's WebSocket protocol where autobahn below it is too strict, or not strict enough."""

from typing import Any

from daphne.ws_protocol import WebSocketProtocol


class SocketProtocol(WebSocketProtocol):
    """Refuses unreadable origins with 403, and closes with every code that a server may send."""

    def failHandshake(self, reason: str, code: int = 400, responseHeaders: Any = None) -> None:  # noqa: N802, N803
        """Refuse an origin that can't be parsed, or that is "null", like any foreign one."""
        super().failHandshake(reason, 403 if "origin" in reason.lower() else code, responseHeaders)

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802
        """Close with any code that a server may send.

        autobahn's `sendClose` raises for 1011, 1012 and 1013 (RFC 6455, section 7.4.1, and the IANA registry since).
        """
        self.sendCloseFrame(code=1000 if code is None else code)
