"""Server-sent events, as the HTML standard has them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chats.providers.sse import MAX_EVENT_BYTES, EventStream, EventTooLargeError


def read(*chunks: bytes) -> list[bytes]:
    stream = EventStream()
    return [data for chunk in chunks for data in stream.feed(chunk)] + stream.end()


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
        (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
        (b"data: a\r\n\ndata: b\n\r\n", [b"a", b"b"]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b"data:a\n\ndata:  b\n\n", [b"a", b" b"]),
        (b"data: a\ndata\ndata: b\n\n", [b"a\n\nb"]),
        (b"event: x\nid: 1\nretry: 2\ndata: a\n\n", [b"a"]),
        (b": keep-alive\n\n:\n\n\n\n\ndata: a\n\n", [b"a"]),
        (b"event: x\n\ndatum: b\n\n", []),
        (b"data: a", [b"a"]),
        (b"", []),
    ],
)
def test_it_reads_them_wherever_they_are_cut(stream: bytes, found: list[bytes]) -> None:
    assert read(stream) == found
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == found
    for at in range(len(stream)):
        assert read(stream[:at], stream[at:]) == found


def test_it_gives_an_event_as_soon_as_its_end_is_there() -> None:
    stream = EventStream()
    assert stream.feed(b"data: a\n") == []
    assert stream.feed(b"\n") == [b"a"]
    assert stream.feed(b"data: b\r\n\r") == [b"b"]
    assert stream.feed(b"\ndata: c\n\n") == [b"c"]


@given(st.lists(st.text()), st.sampled_from(["\n", "\r", "\r\n"]), st.lists(st.floats(0, 1), max_size=8))
def test_it_keeps_every_character(texts: list[str], end: str, cuts: list[float]) -> None:
    texts = [text.replace("\r", "").replace("\n", "") for text in texts]
    stream = "".join(f"data: {text}{end}{end}" for text in texts).encode("utf-8", "replace")
    places = sorted({0, len(stream), *(int(cut * len(stream)) for cut in cuts)})
    chunks = [stream[begin:stop] for begin, stop in pairwise(places)]
    assert read(*chunks) == [text.encode("utf-8", "replace") for text in texts]


def test_it_refuses_an_event_without_an_end() -> None:
    stream = EventStream()
    half = b"data: " + b"x" * (MAX_EVENT_BYTES // 2)
    assert stream.feed(half) == []
    with pytest.raises(EventTooLargeError):
        stream.feed(half)
