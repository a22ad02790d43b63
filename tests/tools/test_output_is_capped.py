from hypothesis import given
from hypothesis import strategies as st

from tools.commands.output_capture import Capture

OUTPUT = st.one_of(st.binary(max_size=400), st.text(max_size=200).map(str.encode))
CUTS = st.lists(st.integers(0, 400), max_size=10).map(sorted)
LIMIT = 64


def captured(chunks: list[bytes], limit: int = LIMIT, full: int = 256) -> Capture:
    capture = Capture(limit, full)
    for chunk in chunks:
        capture.feed(chunk)
    return capture


@given(OUTPUT, CUTS)
def test_it_does_not_matter_how_the_output_was_cut(whole: bytes, cuts: list[int]) -> None:
    other = captured([whole[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)])
    one = captured([whole])
    assert (one.text(), one.total, one.full()) == (other.text(), other.total, other.full())


@given(OUTPUT)
def test_it_shows_all_that_fits_and_says_what_does_not(whole: bytes) -> None:
    capture = captured([whole])
    assert capture.full() == whole[:256]
    if len(whole) <= LIMIT:
        assert capture.text() == whole.decode(errors="replace")
        assert not capture.truncated
    else:
        assert capture.truncated
        assert f"of {len(whole):,} bytes left out here" in capture.text()


@given(st.text(min_size=100, max_size=400))
def test_it_cuts_no_character_in_two(text: str) -> None:
    shown = captured([text.encode()]).text()
    head, _, rest = shown.partition("\n[… ")
    tail = rest.rpartition(" …]\n")[2]
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(head.encode()) > LIMIT // 2 - 4
    assert len(tail.encode()) > LIMIT // 2 - 4


def test_it_keeps_little_in_memory() -> None:
    capture = Capture()
    for _ in range(400):
        capture.feed(b"x" * 262_144)
    assert len(capture.full()) == 10 * 1024 * 1024
    assert len(capture._tail) < 200_000
    assert capture.total == 104_857_600
