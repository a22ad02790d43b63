"""A line that is drawn again and again is told as it looks in the end, however its bytes come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.commands.output_capture import Capture
from tools.commands.redraws import Redraws

LINES = [
    (" 10 %\r 50 %\r100 %\ndone\n", "100 %\ndone\n"),
    ("long words\rshort\n", "shortwords\n"),
    ("a\r\nb\r\n", "a\r\nb\r\n"),
    ("a\r\r\nb\n", "a\r\r\nb\n"),
    ("50 %\r", "50 %\r"),
    ("50 %\r100 %", "100 %"),
    ("50 %\r100 %\r\n", "100 %\n"),
    ("|\b/\b-\b\\\bdone\n", "done\n"),
    ("a word\b\b\b\btale\n", "a tale\n"),
    ("\b\bx\n", "x\n"),
    ("downloading 10 %\r\x1b[Kdone\n", "done\n"),
    ("downloading\r\x1b[2Kok\n", "ok\n"),
    ("abc\r\x1b[1Kx\n", "xbc\n"),
    ("\x1b[32m50 %\x1b[0m\r\x1b[32m100 %\x1b[0m\n", "\x1b[32m100 %\x1b[0m\n"),
    ("größe 1\rgröße 2\n", "größe 2\n"),
    ("no redraw, \x1b[1mbold\x1b[0m\n", "no redraw, \x1b[1mbold\x1b[0m\n"),
    ("\r50 %\r100 %\n", "100 %\n"),
    ("tab\there\n", "tab\there\n"),
]


def shown(pieces: list[bytes], limit: int = 32 * 1024) -> Capture:
    capture = Capture(limit, redraws=Redraws())
    for piece in pieces:
        capture.feed(piece)
    return capture


@pytest.mark.parametrize(("written", "seen"), LINES)
def test_it_shows_what_a_terminal_would(written: str, seen: str) -> None:
    data = written.encode()
    assert shown([data]).text() == seen
    assert shown([data[at : at + 1] for at in range(len(data))]).text() == seen
    assert shown([data]).full() == data
    assert shown([data]).is_whole == (written == seen)


@given(st.lists(st.sampled_from(["a", "bc", "é", "\r", "\b", "\n", "\x1b[K", " "]), max_size=30), st.data())
def test_it_is_the_same_however_it_is_cut(words: list[str], draw: st.DataObject) -> None:
    data = "".join(words).encode()
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=5)))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert shown(pieces).text() == shown([data]).text()


def test_a_long_progress_costs_few_characters() -> None:
    bar = b"".join(b"\r[%s] %4d/3000" % (b"#" * (at // 60), at) for at in range(3_001))
    capture = shown([bar[at : at + 7_000] for at in range(0, len(bar), 7_000)])
    assert capture.text() == f"[{'#' * 50}] 3000/3000"
    assert not capture.truncated
    assert capture.full() == bar


def test_a_line_without_end_takes_no_memory() -> None:
    redraws = Redraws()
    capture = Capture(1_000, 1_000, redraws=redraws)
    for _ in range(100):
        capture.feed(b"x" * 100_000)
    assert len(redraws._line) <= 64 * 1024
    assert "10,000,000 bytes" in capture.text()
