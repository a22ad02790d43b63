"""What a client sends is read, or refused with a sentence; nothing of it can reach a handler of the server's own."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chats.stream.client_frames import MAX_INBOUND_BYTES, Ack, BadFrame, Reconnect, parse_client

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_it_reads_a_reconnect() -> None:
    frame = parse_client('{"type":"reconnect","lastSeqPerChannel":{"text":3},"epoch":"e","later":1}')
    assert isinstance(frame, Reconnect)
    assert (frame.last_seq_per_channel, frame.epoch) == ({"text": 3}, "e")


def test_it_reads_a_first_visit() -> None:
    frame = parse_client('{"type":"reconnect"}')
    assert isinstance(frame, Reconnect)
    assert (frame.last_seq_per_channel, frame.epoch) == ({}, None)


def test_it_reads_an_ack() -> None:
    frame = parse_client('{"type":"ack","ord":12}')
    assert isinstance(frame, Ack)
    assert frame.ord == 12


@pytest.mark.parametrize("position", ["-1", "1.5", '"7"', "null", str(2**64), "[]", "true"])
def test_it_leaves_positions_to_the_planner(position: str) -> None:
    assert parse_client(f'{{"type":"reconnect","lastSeqPerChannel":{{"text":{position}}}}}').type == "reconnect"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        '"reconnect"',
        '{"type":null}',
        '{"type":["reconnect"]}',
        '{"type":"websocket.receive"}',
        '{"type":"websocket.disconnect","code":1000}',
        '{"type":"entries","session":"x","first":1,"lines":[]}',
        '{"type":"channel_delta"}',
        '{"type":"RECONNECT"}',
        '{"type":"reconnect","lastSeqPerChannel":[]}',
        '{"type":"reconnect","lastSeqPerChannel":null}',
        '{"type":"reconnect","lastSeqPerChannel":7}',
        '{"type":"reconnect","epoch":5}',
        '{"type":"ack"}',
        '{"type":"ack","ord":-1}',
        '{"type":"ack","ord":"1"}',
        '{"type":"ack","ord":1.0}',
        '{"type":"ack","ord":true}',
        "[" * 50_000,
        '{"type":"ack","ord":' + "9" * 50_000 + "}",
    ],
)
def test_it_refuses(text: str) -> None:
    with pytest.raises(BadFrame) as refused:
        parse_client(text)
    assert 0 < len(str(refused.value)) < 300


@given(st.text() | json_values.map(json.dumps) | st.dictionaries(st.just("type"), json_values).map(json.dumps))
def test_it_reads_or_refuses_whatever_comes(text: str) -> None:
    with contextlib.suppress(BadFrame):
        assert parse_client(text).type in ("reconnect", "ack")


@pytest.mark.parametrize("filling", ["x", "é", "🙂"])
def test_it_takes_64_kib_and_no_byte_more(filling: str) -> None:
    def sized(size: int) -> str:
        frame: dict[str, Any] = {"type": "ack", "ord": 1, "padding": ""}
        room = size - len(json.dumps(frame))
        frame["padding"] = filling * (room // len(filling.encode())) + "x" * (room % len(filling.encode()))
        return json.dumps(frame, ensure_ascii=False)

    assert parse_client(sized(MAX_INBOUND_BYTES)).type == "ack"
    with pytest.raises(BadFrame, match="larger than"):
        parse_client(sized(MAX_INBOUND_BYTES + 1))
