"""Answers of real servers, and some by hand (see streams/README.md), with what is read from them in expected.json."""

import json
from pathlib import Path

import pytest

from tests.providers.reading import read_answer, summarize

STREAMS = Path(__file__).parent / "streams"
EXPECTED = json.loads((STREAMS / "expected.json").read_text())
NAMES = sorted(path.stem for path in STREAMS.glob("*.sse"))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_as_expected_wherever_it_is_cut(name: str) -> None:
    protocol, data = name.split("-")[0], (STREAMS / f"{name}.sse").read_bytes()
    expected = EXPECTED[name]
    assert summarize(read_answer(protocol, [data])) == expected
    assert summarize(read_answer(protocol, [data[at : at + 1] for at in range(len(data))])) == expected
    for at in range(1, len(data), 1 + len(data) // 2000):
        assert summarize(read_answer(protocol, [data[:at], data[at:]])) == expected


def test_nothing_is_expected_of_a_stream_that_is_not_there() -> None:
    assert sorted(EXPECTED) == NAMES
