"""Cut anywhere, come back: a client goes on from what it applied. CASES 4 to 6 and 8 to 12, on a real server."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.server import Server
from tests.stream.conftest import Talk

SCRIPT: list[Any] = [
    {"reasoning": "First I look."},
    {"text": "I look at it. ", "chunk": 4, "delay_ms": 2},
    {"tool": "list_files", "args": {}},
    {"text": "There is nothing, so I am done. 🙂 é 你", "chunk": 3, "delay_ms": 2},
]
LONG: list[Any] = [{"text": "word " * 400, "chunk": 5, "delay_ms": 2}]


def interleaving(frames: list[dict[str, Any]]) -> list[Any]:
    """The story of a turn, neighbouring texts joined, whatever the entries' cuts."""
    story: list[Any] = []
    for frame in frames:
        if frame["type"] != "channel_delta":
            continue
        kind = (frame["channel"], frame["message_id"], frame.get("part"))
        if frame["channel"] == "text" and story and story[-1][0] == kind:
            story[-1][1] += frame["content"]
        else:
            told = (frame.get(name) for name in ("content", "tool_call", "status", "tool_call_id"))
            story.append([kind, next(value for value in told if value)])
    return story


def test_it_goes_on_after_a_cut_behind_every_single_frame(talk: Callable[..., Talk]) -> None:
    told = talk(SCRIPT)
    with told.client() as whole:
        whole.until("snapshot")
        told.say()
        whole.until_idle()
    entries = [frame for frame in whole.frames if "seq" in frame and "ord" in frame]
    assert whole.texts == told.texts()
    for cut in range(len(entries)):
        again = told.client()
        again.epoch, again.ord = whole.epoch, 0
        for frame in entries[:cut]:
            again.apply(frame)
        with again:
            again.until(lambda frame: frame.get("ord") == entries[-1]["ord"] and frame["type"] != "resumed")
        assert again.resumptions[0]["recovered"] is True
        assert again.resumptions[0]["replayed"] == len(entries) - cut
        assert [frame for frame in again.frames if "seq" in frame] == entries[cut:]
        assert again.texts == whole.texts


def test_it_loses_nothing_when_cut_again_and_again_in_mid_stream(talk: Callable[..., Talk]) -> None:
    told = talk(LONG)
    client = told.client()
    with client:
        client.until("snapshot")
        told.say()
    cuts = 0
    while ("agent_status_updated", "idle") not in client.story:
        cuts += 1
        with client:
            client.until("resumed")
            for _ in range(cuts):
                if client.receive().get("status") == "idle":
                    break
    assert cuts > 5
    assert client.texts == told.texts()
    assert "word " * 400 in client.texts.values()
    assert all(resumed["recovered"] for resumed in client.resumptions[1:])


def test_it_starts_a_late_client_from_the_snapshot_and_flushes_the_next_frame(talk: Callable[..., Talk]) -> None:
    told = talk(LONG)
    with told.client() as early:
        early.until("snapshot")
        told.say()
        early.until(lambda frame: frame.get("channel") == "text" and frame["seq"] > 20)
        with told.client() as late:
            late.until("snapshot")
            assert late.positions["text"] > 20
            late.until_idle()
        early.until_idle()
    assert late.texts == early.texts == told.texts()


def test_it_resyncs_on_the_open_socket(talk: Callable[..., Talk]) -> None:
    told = talk(LONG)
    with told.client() as client:
        client.until("snapshot")
        told.say()
        for _ in range(5):
            client.until(lambda frame: frame.get("channel") == "text")
            # What is under way repeats nothing: the replay begins where the question said.
            before = dict(client.positions)
            client.ask()
            while client.frames[-1]["type"] != "resumed":
                frame = json.loads(client.connection.recv(10))  # type: ignore[union-attr]
                client.frames.append(frame)
            assert client.frames[-1]["recovered"] is True
            assert client.positions == before
        client.until_idle()
    assert client.texts == told.texts()


def test_it_answers_the_last_of_many_questions(talk: Callable[..., Talk]) -> None:
    told = talk(SCRIPT)
    with told.client() as client:
        client.until("snapshot")
        told.say()
        client.until_idle()
        for _ in range(50):
            client.send({"type": "reconnect", "lastSeqPerChannel": {"text": 0}, "epoch": client.epoch})
        client.ask()
        # Not applied: a question before the last may be answered whole, with entries that the client has.
        asked = [frame for frame in client.frames if frame["type"] == "resumed"]
        everything = client.ord or 0
        while asked[-1]["replayed"] >= everything or len(asked) == 1:  # something may have come since the client asked
            frame = client.receive_raw(20)
            if frame["type"] == "resumed":
                asked.append(frame)
    assert len(asked) < 53


def test_it_tells_the_same_interleaving_live_replayed_and_in_a_snapshot(talk: Callable[..., Talk]) -> None:
    told = talk(SCRIPT)
    with told.client() as live:
        live.until("snapshot")
        told.say()
        live.until_idle()
    replayed = told.client()
    replayed.epoch, replayed.ord = live.epoch, 0
    with replayed:
        replayed.until(lambda frame: "seq" in frame and frame["ord"] == live.ord)
    with told.client() as shown:
        snapshot = shown.until("snapshot")
    assert interleaving(replayed.frames) == interleaving(live.frames)
    assert shown.texts == live.texts
    roles = [(message["role"], bool(message["tool_calls"])) for message in snapshot["messages"]]
    assert roles == [("user", False), ("assistant", True), ("tool", False), ("assistant", False)]
    [call] = snapshot["messages"][1]["tool_calls"]
    assert call["id"] == snapshot["messages"][2]["tool_results"]["tool_call_id"]


OTHER_EPOCH = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    "position", [-1, 1.5, "7", None, 2**64, 10**30, [], {}, True], ids=lambda position: json.dumps(position)
)
def test_it_lives_on_after_a_position_that_is_none(talk: Callable[..., Talk], position: Any) -> None:
    told = talk(SCRIPT)
    with told.client() as client:
        client.until("snapshot")
        client.send({"type": "reconnect", "lastSeqPerChannel": {"text": position}, "epoch": client.epoch})
        assert client.until("resumed")["recovered"] is False
        client.until("snapshot")
        told.say()
        client.until_idle()
    assert client.texts == told.texts()


@pytest.mark.parametrize("positions", [[], 7, "x", None, {"text": 0, "gossip": 0}], ids=json.dumps)
def test_it_lives_on_after_positions_that_are_none(talk: Callable[..., Talk], positions: Any) -> None:
    told = talk(SCRIPT)
    with told.client() as client:
        client.until("snapshot")
        client.send({"type": "reconnect", "lastSeqPerChannel": positions, "epoch": client.epoch})
        answer = client.until(lambda frame: frame["type"] in ("error", "snapshot"))
        assert answer["type"] == "snapshot" or answer["reason"] == "bad_frame"
        told.say()
        client.until_idle()
    assert client.texts == told.texts()


@pytest.mark.parametrize("epoch", [OTHER_EPOCH, "", "nonsense"])
def test_it_sends_a_snapshot_to_another_epoch(talk: Callable[..., Talk], epoch: str) -> None:
    told = talk(SCRIPT)
    with told.client() as client:
        client.until("snapshot")
        told.say()
        client.until_idle()
        right, client.epoch = client.epoch, epoch
        client.ask()
        assert client.until("resumed")["recovered"] is False
        assert client.until("snapshot")["epoch"] == right


def test_it_goes_on_for_a_client_that_knows_no_epoch(talk: Callable[..., Talk]) -> None:
    told = talk(SCRIPT)
    with told.client() as client:
        client.until("snapshot")
        told.say()
        client.until_idle()
        client.send({"type": "reconnect", "lastSeqPerChannel": client.positions | {"text": 1}})
        answer = client.until("resumed")
        assert (answer["recovered"], answer["replayed"]) == (True, client.positions["text"] - 1)


def test_it_delivers_to_the_old_and_the_new_socket_of_a_tab_alike(talk: Callable[..., Talk]) -> None:
    told = talk(LONG)
    with told.client() as old:
        old.until("snapshot")
        told.say()
        old.until(lambda frame: frame.get("channel") == "text")
        with told.client() as new:
            new.until("resumed")
            old.until_idle()
            new.until_idle()
    shown: dict[tuple[str, int], Any] = {}
    for frame in old.frames + new.frames:
        if "seq" in frame:
            assert shown.setdefault((frame["channel"], frame["seq"]), frame) == frame
    assert old.texts == new.texts == told.texts()


def test_it_serves_a_client_that_knows_none_of_the_additions(talk: Callable[..., Talk], shared_server: Server) -> None:
    """The first front end's way: no epoch, no acks; frames are told by their given fields only."""
    told = talk(SCRIPT)
    url = f"{shared_server.url.replace('http', 'ws', 1)}/api/ws/sessions/{told.session_id}"
    texts: dict[str, str] = {}
    seen: dict[str, int] = {}
    statuses: list[str] = []
    with connect(url, additional_headers={"Authorization": f"Bearer {shared_server.token}"}, proxy=None) as plain:
        plain.send(json.dumps({"type": "reconnect", "lastSeqPerChannel": {}}))
        told.say()
        while "idle" not in statuses:
            frame = json.loads(plain.recv(20))
            if frame["type"] == "channel_delta":
                assert frame["seq"] == seen.get(frame["channel"], frame["seq"])
                seen[frame["channel"]] = frame["seq"] + 1
            if frame.get("channel") == "text" and frame.get("part") != "reasoning":
                texts[frame["message_id"]] = texts.get(frame["message_id"], "") + frame["content"]
            if frame["type"] == "agent_status_updated":
                statuses.append(frame["status"])
    answers = {id: text for id, text in told.texts().items() if id in texts}
    assert texts == answers
    assert len(texts) == 2
