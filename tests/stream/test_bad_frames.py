"""Whatever a client sends: an error frame, nothing dispatched inside, and the tenth closes the socket. CASES 20."""

import json
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.stream.client import Client
from tests.stream.conftest import Talk

BAD: list[str | bytes] = [
    b"\x00\x01binary",
    b'{"type":"ack","ord":0}',
    "",
    "{",
    "[]",
    "null",
    '{"type":"nonsense"}',
    '{"type":"entries","from":"x","message":{"user":1,"line":"x"}}',
    '{"type":"websocket.close"}',
    '{"type":"websocket.disconnect","code":1000}',
    '{"type":"_pump"}',
    '{"type":"ack","ord":"1"}',
    '{"type":"reconnect","lastSeqPerChannel":"x"}',
    json.dumps({"type": "ack", "ord": 1, "padding": "x" * 64 * 1024}),
    json.dumps({"type": "ack", "ord": 1, "padding": "x" * 2 * 1024 * 1024}),
]


def send(client: Client, bad: str | bytes) -> None:
    assert client.connection is not None
    client.connection.send(bad)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: repr(bad[:40]))
def test_it_answers_with_an_error_and_lives_on(talk: Callable[..., Talk], bad: str | bytes) -> None:
    told = talk([{"text": "Here I am."}])
    with told.client() as client:
        client.until("snapshot")
        send(client, bad)
        error = client.until("error")
        assert error["reason"] == "bad_frame"
        assert error["error"].endswith(".") or ":" in error["error"]
        assert "seq" not in error
        told.say()
        client.until_idle()
    assert client.texts == told.texts()


def test_it_closes_with_4400_after_ten(talk: Callable[..., Talk]) -> None:
    with talk([{"text": "x"}]).client() as client:
        client.until("snapshot")
        for _ in range(10):
            send(client, "{")
            client.until("error")
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


@pytest.mark.parametrize("bad", [b"\x00", "{", "[]", '{"type":"nonsense"}'], ids=repr)
def test_it_closes_with_4400_when_the_first_word_is_none_of_ours(talk: Callable[..., Talk], bad: str | bytes) -> None:
    client = talk([{"text": "x"}]).client()
    with connect(client.url, additional_headers=client.headers, proxy=None) as stranger:
        stranger.send(bad)
        assert json.loads(stranger.recv(10))["reason"] == "bad_frame"
        with pytest.raises(ConnectionClosed) as closed:
            stranger.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400


@pytest.mark.parametrize("positions", ["[]", '"x"', '{"text":-1}', "7"])
def test_it_lives_on_when_the_first_question_is_a_bad_one(talk: Callable[..., Talk], positions: str) -> None:
    client = talk([{"text": "x"}]).client()
    with connect(client.url, additional_headers=client.headers, proxy=None) as plain:
        plain.send(f'{{"type":"reconnect","lastSeqPerChannel":{positions}}}')
        assert json.loads(plain.recv(10))["type"] in ("error", "resumed")
        plain.send('{"type":"reconnect"}')
        while json.loads(plain.recv(10))["type"] != "snapshot":
            pass


def test_it_reads_a_frame_that_comes_in_pieces(talk: Callable[..., Talk]) -> None:
    with talk([{"text": "x"}]).client() as client:
        client.until("snapshot")
        assert client.connection is not None
        client.connection.send(iter(['{"type":"recon', 'nect","lastSeqPer', 'Channel":{}}']))
        client.until("snapshot")
