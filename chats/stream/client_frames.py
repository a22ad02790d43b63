"""Defines and parses the frames that clients send, as PROTOCOL.md describes them. Pure."""

import json
from typing import Any, Literal

from pydantic import ConfigDict, Field, StrictInt, ValidationError

from .frames import Frame

MAX_INBOUND_BYTES = 64 * 1024


class BadFrame(ValueError):
    """Says why a client's frame can't be used."""


class UnknownFrame(BadFrame):
    """Says that what a client sent is none of the protocol's frames."""


class Reconnect(Frame):
    """Asks for the entries after the client's positions.

    Positions are checked when the replay is planned: a malformed one is answered with a snapshot.
    """

    model_config = ConfigDict(extra="ignore")
    type: Literal["reconnect"]
    last_seq_per_channel: dict[str, Any] = Field(alias="lastSeqPerChannel", default_factory=dict)
    epoch: str | None = None


class Ack(Frame):
    """Acknowledges all entries up to `ord`."""

    model_config = ConfigDict(extra="ignore")
    type: Literal["ack"]
    ord: StrictInt = Field(ge=0)


CLIENT_FRAMES: dict[str, type[Reconnect] | type[Ack]] = {"reconnect": Reconnect, "ack": Ack}


def parse_client(text: str) -> Reconnect | Ack:
    """Read a client's frame. Raises BadFrame."""
    if len(text) > MAX_INBOUND_BYTES or len(text.encode(errors="replace")) > MAX_INBOUND_BYTES:
        raise UnknownFrame(f"The frame is larger than {MAX_INBOUND_BYTES} bytes.")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise UnknownFrame("The frame is not JSON.") from None
    kind = body.get("type") if isinstance(body, dict) else None
    model = CLIENT_FRAMES.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise UnknownFrame(f"Send an object whose type is one of: {', '.join(CLIENT_FRAMES)}.")
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadFrame(f"{kind}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
