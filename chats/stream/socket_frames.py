"""Defines the frames that are not kept in a log: answers to a client, and what all pages of a user are told. Pure."""

from typing import Any, Literal
from uuid import UUID

from .frames import Frame


class Heads(Frame):
    """Is the base of the frames that say how far the log reaches."""

    epoch: UUID
    heads: dict[str, int]
    ord: int


class Resumed(Heads):
    """Answers a `reconnect`."""

    type: Literal["resumed"] = "resumed"
    recovered: bool
    replayed: int


class Heartbeat(Heads):
    """Says how far the log reaches while nothing else is sent."""

    type: Literal["heartbeat"] = "heartbeat"


class Snapshot(Heads):
    """Gives the session as of one moment."""

    type: Literal["snapshot"] = "snapshot"
    messages: list[dict[str, Any]]
    chats: list[dict[str, Any]]
    traces: list[dict[str, Any]]
    approvals: list[dict[str, Any]] = []
    outputs: dict[str, str] = {}
    """By tool call, the output so far of the commands that still run."""


class SnapshotPart(Frame):
    """Holds older members of the lists of a snapshot that is too large for one frame; that one follows."""

    type: Literal["snapshot_part"] = "snapshot_part"
    messages: list[dict[str, Any]]
    traces: list[dict[str, Any]]
    approvals: list[dict[str, Any]]
    outputs: dict[str, str]


class Error(Frame):
    """Answers a frame that the server can't use."""

    type: Literal["error"] = "error"
    error: str
    reason: str | None = None


class UserFrame(Frame):
    """Is the base of the frames for all of a user's pages; not kept, a client that reconnects reloads its list."""


class SessionCreated(UserFrame):
    """Tells of a new session."""

    type: Literal["session_created"] = "session_created"
    session_id: UUID
    name: str
    project_id: UUID


class SessionRenamed(UserFrame):
    """Tells of a session's new name."""

    type: Literal["session_renamed"] = "session_renamed"
    session_id: UUID
    name: str


class SessionDeleted(UserFrame):
    """Tells that a session was deleted."""

    type: Literal["session_deleted"] = "session_deleted"
    session_id: UUID


class Alive(UserFrame):
    """Shows that the socket works while nothing happens."""

    type: Literal["alive"] = "alive"


SOCKET_FRAMES: tuple[type[Frame], ...] = (Resumed, Heartbeat, Snapshot, SnapshotPart, Error)
USER_FRAMES: tuple[type[UserFrame], ...] = (SessionCreated, SessionRenamed, SessionDeleted, Alive)
