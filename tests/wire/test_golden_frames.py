"""The frames in this folder are the contract by example: one file for each type, read by the JavaScript tests too."""

import json
from pathlib import Path
from typing import Any

import pytest

from chats.management.commands.wirecontract import PROMISED
from chats.stream import frames, socket_frames
from chats.stream.client_frames import CLIENT_FRAMES, parse_client

FRAMES: dict[str, list[dict[str, Any]]] = {
    path.stem: json.loads(path.read_text()) for path in sorted(Path(__file__).parent.glob("*.json"))
}
LOGGED = {frame.model_fields["type"].default for frame in frames.LOGGED_FRAMES}
ALONE = {frame.model_fields["type"].default for frame in (*socket_frames.SOCKET_FRAMES, *socket_frames.USER_FRAMES)}


def classes_for(golden: dict[str, Any]) -> list[type[frames.Frame]]:
    """The classes that may have made the frame: by type, and for deltas by channel."""
    found: list[type[frames.Frame]] = []
    for frame in (*frames.LOGGED_FRAMES, *socket_frames.SOCKET_FRAMES, *socket_frames.USER_FRAMES):
        if frame.model_fields["type"].default != golden["type"]:
            continue
        if golden["type"] != "channel_delta" or frame.model_fields["channel"].default == golden["channel"]:
            found.append(frame)
    return found


def remade(golden: dict[str, Any]) -> dict[str, Any]:
    """What the class makes of a golden frame's own fields, put in the same place."""
    is_logged = "channel" in golden
    frame = next(kind for kind in classes_for(golden) if issubclass(kind, frames.Logged) == is_logged)
    place = {name: golden[name] for name in ("seq", "ord") if is_logged and name in golden}
    fields = {name: value for name, value in golden.items() if name not in place}
    return dict(json.loads(frame.model_validate_json(json.dumps(fields)).encode(**place)))


def test_it_has_a_golden_frame_of_every_class() -> None:
    seen = {kind for goldens in FRAMES.values() for golden in goldens for kind in classes_for(golden)}
    assert seen >= {*frames.LOGGED_FRAMES, *socket_frames.SOCKET_FRAMES, *socket_frames.USER_FRAMES}
    assert set(FRAMES) == LOGGED | ALONE | set(CLIENT_FRAMES) | set(PROMISED)


@pytest.mark.parametrize("name", sorted(LOGGED | ALONE))
def test_it_makes_the_golden_frames_of(name: str) -> None:
    for golden in FRAMES[name]:
        assert remade(golden) == golden


@pytest.mark.parametrize("name", sorted(CLIENT_FRAMES))
def test_it_reads_the_golden_frames_of_a_client(name: str) -> None:
    for golden in FRAMES[name]:
        assert parse_client(json.dumps(golden)).type == name
