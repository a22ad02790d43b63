"""Server-sent events from bytes, as the HTML standard reads them. Pure.

Lines end in LF, CRLF or CR; a byte order mark at the start and comments (keep-alives) are left out; several `data:`
lines are one value with line breaks in it. An event's name is not read: every protocol here has it in the data too.
"""

MAX_EVENT_BYTES = 1024 * 1024
BOM = b"\xef\xbb\xbf"


class EventTooLargeError(ValueError):
    """An event has no end within MAX_EVENT_BYTES."""


class EventStream:
    """Takes the bytes of one stream as they come, cut anywhere, and returns the data of each event that is complete."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._begun = False
        self._ended_in_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of the events that `chunk` completes. Raises EventTooLargeError."""
        if not self._begun and not (chunk := self._after_bom(chunk)):
            return []
        if self._ended_in_cr or b"\r" in chunk:
            chunk = self._with_plain_line_ends(chunk)
        held = self._held
        searched = max(len(held) - 1, 0)
        held += chunk
        end = held.rfind(b"\n\n", searched)
        if end < 0:
            if len(held) > MAX_EVENT_BYTES:
                raise EventTooLargeError
            return []
        whole = bytes(held[:end])
        del held[: end + 2]
        return _data_of_blocks(whole)

    def end(self) -> list[bytes]:
        """The data of an event whose last line break is missing: some servers leave it out, others were cut there."""
        rest, self._held = bytes(self._held), bytearray()
        return _data_of_blocks(rest)

    def _after_bom(self, chunk: bytes) -> bytes:
        """`chunk` with what was held back before it, once it is known whether the stream begins with a mark."""
        chunk = bytes(self._held) + chunk
        if len(chunk) < len(BOM) and BOM.startswith(chunk):
            self._held = bytearray(chunk)
            return b""
        self._held.clear()
        self._begun = True
        return chunk.removeprefix(BOM)

    def _with_plain_line_ends(self, chunk: bytes) -> bytes:
        if self._ended_in_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            if not chunk:
                self._ended_in_cr = False
                return chunk
        self._ended_in_cr = chunk.endswith(b"\r") if chunk else self._ended_in_cr
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _data_of_blocks(blocks: bytes) -> list[bytes]:
    found: list[bytes] = []
    for block in blocks.split(b"\n\n"):
        if block.startswith(b"data: ") and b"\n" not in block:
            found.append(block[6:])
        elif (data := _data_of_lines(block)) is not None:
            found.append(data)
    return found


def _data_of_lines(block: bytes) -> bytes | None:
    values: list[bytes] = []
    for line in block.split(b"\n"):
        name, _, value = line.removeprefix(BOM).partition(b":")
        if name == b"data":
            values.append(value.removeprefix(b" "))
    return b"\n".join(values) if values else None
