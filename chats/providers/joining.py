"""An answer on its way from the socket to the HTTP client: text of an event stream is told, and joined, see `ahead`."""

import httptools

from .ahead import Ahead

MAX_HEAD_BYTES = 64 * 1024
MAX_EVENT_BYTES = 1024 * 1024


class Answer:
    """The bytes of one HTTP/1.1 response. Where it is an event stream in chunks, its events of text come later and in
    fewer pieces; all else passes as it is."""

    def __init__(self, told: Ahead) -> None:
        self._told = told
        self._parser = httptools.HttpResponseParser(self)
        # No stricter than the HTTP client, which knows servers that do so.
        self._parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True, lenient_data_after_close=True)
        self._head = b""
        self._headers: dict[bytes, bytes] = {}
        self._joins: bool | None = None
        self._body = b""
        self._over = False

    def take(self, data: bytes) -> bytes:
        """The next bytes that came; returns those to pass on, which may be none yet. To be called when all that was
        given before has been read."""
        if self._joins:
            return self._join(data)
        return data if self._joins is False else self._begin(data)

    def end(self) -> bytes:
        """The connection is over: what was not passed on yet."""
        joins, self._joins = self._joins, False
        return _chunk(self._told.give(self._body)) if joins else b""

    def _begin(self, data: bytes) -> bytes:
        self._head += data
        head, end, body = self._head.partition(b"\r\n\r\n")
        if not end:
            if len(self._head) > MAX_HEAD_BYTES:
                self._joins = False
            return data
        self._joins = self._is_event_stream(head + end)
        return data[: len(data) - len(body)] + (self.take(body) if body else b"")

    def _is_event_stream(self, head: bytes) -> bool:
        try:
            self._parser.feed_data(head)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return False  # the HTTP client's to judge
        return (
            self._parser.get_status_code() == 200
            and self._headers.get(b"transfer-encoding") == b"chunked"
            and self._headers.get(b"content-type", b"").startswith(b"text/event-stream")
            and b"content-encoding" not in self._headers
        )

    def _join(self, data: bytes) -> bytes:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            return self.end() + b"this is no chunk\r\n"  # which the HTTP client takes as badly
        given = b""
        if b"\r" not in self._body:
            whole, end, self._body = self._body.rpartition(b"\n\n")
            given = self._told.take(whole + end)
        # None of the servers that are known sends such lines, nor events as large: the SDK's to say where they end.
        if b"\r" in self._body or len(self._body) > MAX_EVENT_BYTES:
            given += self._told.give(self._body)
            self._body = b""
        return _chunk(given) + (self.end() + b"0\r\n\r\n" if self._over else b"")

    # --- What httptools calls ----------------------------------------------------------------------------------

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value.lower()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self._over = True


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""
