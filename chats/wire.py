"""The frames of the session socket: one class each, as PROTOCOL.md describes them. Pure: values in, JSON text out.

A frame that changes what a client shows is `Logged`: it gets a place (`seq` in its channel, `ord` over all) when it is
appended to the session's log. Unknown fields are refused where frames are made.
"""

import json
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt, ValidationError

from .storable import clean as clean
from .storable import clean_value as clean_value

CHANNELS = ("text", "tool_call", "tool_result", "status", "error", "event")
MAX_INBOUND_BYTES = 64 * 1024


class Frame(BaseModel):
    model_config = ConfigDict(extra="forbid")
    type: str

    def encode(self, **place: Any) -> str:
        """The frame as JSON text without line breaks; absent optional fields are left out."""
        body = {key: value for key, value in self.model_dump(mode="json").items() if value is not None}
        return json.dumps(body | place, separators=(",", ":"))


class Logged(Frame):
    """A frame that is kept in the log; `channel` says in which of its sequences."""

    channel: str = "event"


# --- Deltas ------------------------------------------------------------------------------------------


class Metadata(BaseModel):
    """What is known of a message beside its text; all optional, tokens counted by the provider."""

    tokens_used: int | None = None
    ctx_used: int | None = None
    ctx_max: int | None = None
    cache_tokens: int | None = None
    reasoning_tokens: int | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    model: str | None = None
    metadata: dict[str, Any] | None = None


class Delta(Logged):
    type: Literal["channel_delta"] = "channel_delta"
    chat_id: UUID
    message_id: UUID


class TextDelta(Delta):
    channel: Literal["text"] = "text"
    part: Literal["text", "reasoning"] = "text"
    content: str


class Call(BaseModel):
    id: str
    name: str
    args: dict[str, Any] | str


class ToolCallDelta(Delta):
    channel: Literal["tool_call"] = "tool_call"
    tool_call: Call


class ToolResultDelta(Delta):
    """`message_id` is the message that made the call, `tool_message_id` the new one that holds the result."""

    channel: Literal["tool_result"] = "tool_result"
    tool_message_id: UUID
    turn_id: UUID | None = None
    tool_call_id: str
    output: str
    truncated: bool
    error: str | None = None
    created_at: AwareDatetime


class StatusDelta(Delta, Metadata):
    channel: Literal["status"] = "status"
    status: Literal["running", "complete", "cancelled", "failed", "waiting", "interrupted"]


class ErrorDelta(Delta):
    channel: Literal["error"] = "error"
    error: str
    reason: str | None = None


# --- Events ------------------------------------------------------------------------------------------


class MessageStarted(Logged):
    type: Literal["message_started"] = "message_started"
    message_id: UUID
    chat_id: UUID
    turn_id: UUID | None = None
    role: Literal["user", "assistant", "tool", "system"]
    kind: str = "message"
    created_at: AwareDatetime


class WholeText(Logged):
    type: Literal["delta"] = "delta"
    message_id: UUID
    content: str


class MessageComplete(Logged, Metadata):
    type: Literal["message_complete"] = "message_complete"
    message_id: UUID
    chat_id: UUID
    status: str


class MessagesDeleted(Logged):
    type: Literal["messages_deleted"] = "messages_deleted"
    message_ids: list[UUID]
    chat_id: UUID


class Usage(Logged):
    type: Literal["usage"] = "usage"
    chat_id: UUID
    completion_tokens: int
    ctx_used: int | None = None
    ctx_max: int | None = None


class ToolTraceStart(Logged):
    type: Literal["tool_trace_start"] = "tool_trace_start"
    chat_id: UUID
    message_id: UUID
    trace: dict[str, Any]


class ToolTraceFinish(Logged):
    type: Literal["tool_trace_finish"] = "tool_trace_finish"
    chat_id: UUID
    message_id: UUID
    trace: dict[str, Any]


class ToolOutput(Logged):
    type: Literal["tool_output"] = "tool_output"
    chat_id: UUID
    tool_call_id: str
    chunk: str


class AgentSnapshot(Logged):
    """Logged when a turn ends; sent without a place after a `reconnect`."""

    type: Literal["agent_snapshot"] = "agent_snapshot"
    chat_id: UUID
    snapshot: dict[str, Any]


class AgentStatusUpdated(Logged):
    """Goes to the user's own sockets too, there without a place and with the session's id."""

    type: Literal["agent_status_updated"] = "agent_status_updated"
    chat_id: UUID
    status: Literal["idle", "running", "waiting", "interrupted", "error"]
    session_id: UUID | None = None

    def for_user(self, session_id: UUID) -> str:
        frame = self.model_copy(update={"session_id": session_id})
        return json.dumps({name: value for name, value in json.loads(frame.encode()).items() if name != "channel"})


class ChatCreated(Logged):
    type: Literal["chat_created"] = "chat_created"
    chat_id: UUID
    name: str
    model: str
    agent: str


class ChatRenamed(Logged):
    """Model and agent where these were changed too."""

    type: Literal["chat_renamed"] = "chat_renamed"
    chat_id: UUID
    name: str
    model: str | None = None
    agent: str | None = None


class Compacted(Logged):
    type: Literal["compacted"] = "compacted"
    session_id: UUID
    chat_id: UUID
    before_tokens: int | None = None
    after_tokens: int | None = None


class ApprovalRequested(Logged):
    type: Literal["approval_requested"] = "approval_requested"
    chat_id: UUID
    trace_id: UUID
    tool: str
    input: Any
    reason: str = ""
    diff: str = ""


class ApprovalResolved(Logged):
    type: Literal["approval_resolved"] = "approval_resolved"
    chat_id: UUID
    trace_id: UUID
    decision: Literal["allow", "deny", "always"]
    by: str


class BuildResult(Logged):
    type: Literal["build_result"] = "build_result"
    chat_id: UUID
    attempt: int
    status: Literal["passed", "failed", "timeout"]
    command: str
    errors: list[dict[str, Any]]


class WorkspaceChanged(Logged):
    type: Literal["workspace_changed"] = "workspace_changed"
    project_id: UUID
    paths: list[str]


class LoggedError(Logged):
    """Something went wrong that belongs to a chat as a whole."""

    type: Literal["error"] = "error"
    error: str
    reason: str | None = None
    message_id: UUID | None = None
    chat_id: UUID | None = None


# --- Not logged: the socket's own words ------------------------------------------------------------------


class Heads(Frame):
    epoch: UUID
    heads: dict[str, int]
    ord: int


class Resumed(Heads):
    type: Literal["resumed"] = "resumed"
    recovered: bool
    replayed: int


class Heartbeat(Heads):
    type: Literal["heartbeat"] = "heartbeat"


class Snapshot(Heads):
    type: Literal["snapshot"] = "snapshot"
    messages: list[dict[str, Any]]
    chats: list[dict[str, Any]]
    traces: list[dict[str, Any]]
    approvals: list[dict[str, Any]] = []
    outputs: dict[str, str] = {}
    """What the commands that still run have said so far, by tool call."""


class Error(Frame):
    """The answer to bad input."""

    type: Literal["error"] = "error"
    error: str
    reason: str | None = None


# --- Not logged: the user's own socket ---------------------------------------------------------------------


class UserFrame(Frame):
    """A frame for all of a user's pages; kept nowhere, a client that reconnects reloads its list."""


class SessionCreated(UserFrame):
    type: Literal["session_created"] = "session_created"
    session_id: UUID
    name: str
    project_id: UUID


class SessionRenamed(UserFrame):
    type: Literal["session_renamed"] = "session_renamed"
    session_id: UUID
    name: str


class SessionDeleted(UserFrame):
    type: Literal["session_deleted"] = "session_deleted"
    session_id: UUID


class Alive(UserFrame):
    """Nothing happened, and the socket is good: its silence would mean that it is not."""

    type: Literal["alive"] = "alive"


LOGGED_FRAMES: tuple[type[Logged], ...] = (
    TextDelta,
    ToolCallDelta,
    ToolResultDelta,
    StatusDelta,
    ErrorDelta,
    MessageStarted,
    WholeText,
    MessageComplete,
    MessagesDeleted,
    Usage,
    ToolTraceStart,
    ToolTraceFinish,
    ToolOutput,
    AgentSnapshot,
    AgentStatusUpdated,
    ChatCreated,
    ChatRenamed,
    Compacted,
    ApprovalRequested,
    ApprovalResolved,
    BuildResult,
    WorkspaceChanged,
    LoggedError,
)
SOCKET_FRAMES: tuple[type[Frame], ...] = (Resumed, Heartbeat, Snapshot, Error)
USER_FRAMES: tuple[type[UserFrame], ...] = (SessionCreated, SessionRenamed, SessionDeleted, Alive)


# --- From the client -----------------------------------------------------------------------------------------


class BadFrame(ValueError):
    """A client's frame that can't be used; the text says why."""


class NoFrame(BadFrame):
    """It is none of the protocol's frames at all."""


class Reconnect(Frame):
    """Positions are checked when the replay is planned: a malformed one is answered with a snapshot."""

    model_config = ConfigDict(extra="ignore")
    type: Literal["reconnect"]
    last_seq_per_channel: dict[str, Any] = Field(alias="lastSeqPerChannel", default_factory=dict)
    epoch: str | None = None


class Ack(Frame):
    model_config = ConfigDict(extra="ignore")
    type: Literal["ack"]
    ord: StrictInt = Field(ge=0)


CLIENT_FRAMES: dict[str, type[Reconnect] | type[Ack]] = {"reconnect": Reconnect, "ack": Ack}


def parse_client(text: str) -> Reconnect | Ack:
    """Read a client's frame. Raises BadFrame."""
    if len(text) > MAX_INBOUND_BYTES or len(text.encode(errors="replace")) > MAX_INBOUND_BYTES:
        raise NoFrame(f"The frame is larger than {MAX_INBOUND_BYTES} bytes.")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise NoFrame("The frame is not JSON.") from None
    kind = body.get("type") if isinstance(body, dict) else None
    model = CLIENT_FRAMES.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise NoFrame(f"Send an object whose type is one of: {', '.join(CLIENT_FRAMES)}.")
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadFrame(f"{kind}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
