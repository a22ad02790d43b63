from hypothesis import given
from hypothesis import strategies as st

from tools.capping import Capture

CHUNKS = st.lists(st.one_of(st.binary(max_size=200), st.text(max_size=60).map(str.encode)), max_size=12)
LIMIT = 64


def captured(chunks: list[bytes], limit: int = LIMIT, full: int = 256) -> Capture:
    capture = Capture(limit, full)
    for chunk in chunks:
        capture.feed(chunk)
    return capture


@given(CHUNKS, st.data())
def test_it_does_not_matter_how_the_output_was_cut(chunks: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(chunks)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    other = captured([whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)])
    one = captured(chunks)
    assert (one.text(), one.total, one.full()) == (other.text(), other.total, other.full())


@given(CHUNKS)
def test_it_shows_all_that_fits_and_says_what_does_not(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    capture = captured(chunks)
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
