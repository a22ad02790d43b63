"""Defines the frames of the sockets, one class each, as PROTOCOL.md describes them. Pure: values in, JSON text out.

A frame that changes what a client shows is `Logged`: it gets its numbers (`seq` in its channel, `ord` over all) when
it is appended to the session's log. Unknown fields are refused where frames are made.
"""

import json
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

CHANNELS = ("text", "tool_call", "tool_result", "status", "error", "event")


class Frame(BaseModel):
    """Is the base of every frame; `type` tells them apart on the wire."""

    model_config = ConfigDict(extra="forbid")
    type: str

    def encode(self, **numbers: int) -> str:
        """Encode the frame as JSON text without line breaks; absent optional fields are left out."""
        body = {key: value for key, value in self.model_dump(mode="json").items() if value is not None}
        return json.dumps(body | numbers, separators=(",", ":"))


class Logged(Frame):
    """Is the base of the frames that are kept in the log; `channel` names the sequence that numbers them."""

    channel: str = "event"


class Metadata(BaseModel):
    """Holds what is known of a message beside its text; all optional, tokens counted by the provider."""

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
    """Is the base of the frames that add to a message."""

    type: Literal["channel_delta"] = "channel_delta"
    chat_id: UUID
    message_id: UUID


class TextFrame(Delta):
    """Adds a piece of text or reasoning to a message."""

    channel: Literal["text"] = "text"
    part: Literal["text", "reasoning"] = "text"
    content: str


class Call(BaseModel):
    """Names a tool and its arguments, as the model called it."""

    id: str
    name: str
    args: dict[str, Any] | str


class ToolCallDelta(Delta):
    """Adds a tool call to a message."""

    channel: Literal["tool_call"] = "tool_call"
    tool_call: Call


class ToolResultDelta(Delta):
    """Tells of a tool's result.

    `message_id` is the message that made the call, `tool_message_id` the new one that holds the result.
    """

    channel: Literal["tool_result"] = "tool_result"
    tool_message_id: UUID
    turn_id: UUID | None = None
    tool_call_id: str
    output: str
    truncated: bool
    error: str | None = None
    created_at: AwareDatetime


class StatusDelta(Delta, Metadata):
    """Tells of a message's new status."""

    channel: Literal["status"] = "status"
    status: Literal["running", "complete", "cancelled", "failed", "waiting", "interrupted"]


class ErrorDelta(Delta):
    """Tells why a message failed."""

    channel: Literal["error"] = "error"
    error: str
    reason: str | None = None


# --- Events ------------------------------------------------------------------------------------------


class MessageStarted(Logged):
    """Tells of a new message."""

    type: Literal["message_started"] = "message_started"
    message_id: UUID
    chat_id: UUID
    turn_id: UUID | None = None
    role: Literal["user", "assistant", "tool", "system"]
    kind: str = "message"
    created_at: AwareDatetime


class WholeText(Logged):
    """Gives a message's whole text at once."""

    type: Literal["delta"] = "delta"
    message_id: UUID
    content: str


class MessageComplete(Logged, Metadata):
    """Ends a message."""

    type: Literal["message_complete"] = "message_complete"
    message_id: UUID
    chat_id: UUID
    status: str


class MessagesDeleted(Logged):
    """Takes messages off the page, after a restore."""

    type: Literal["messages_deleted"] = "messages_deleted"
    message_ids: list[UUID]
    chat_id: UUID


class UsageFrame(Logged):
    """Tells how many tokens a chat has used and how full its context is."""

    type: Literal["usage"] = "usage"
    chat_id: UUID
    completion_tokens: int
    ctx_used: int | None = None
    ctx_max: int | None = None


class ToolTraceStart(Logged):
    """Tells of a call's trace as it begins."""

    type: Literal["tool_trace_start"] = "tool_trace_start"
    chat_id: UUID
    message_id: UUID
    trace: dict[str, Any]


class ToolTraceFinish(Logged):
    """Tells of a call's trace as it ends."""

    type: Literal["tool_trace_finish"] = "tool_trace_finish"
    chat_id: UUID
    message_id: UUID
    trace: dict[str, Any]


class ToolOutputFrame(Logged):
    """Adds a chunk to the output of a running call."""

    type: Literal["tool_output"] = "tool_output"
    chat_id: UUID
    tool_call_id: str
    chunk: str


class AgentSnapshotFrame(Logged):
    """Gives a chat's agent snapshot: logged when a turn ends, sent without numbers after a `reconnect`."""

    type: Literal["agent_snapshot"] = "agent_snapshot"
    chat_id: UUID
    snapshot: dict[str, Any]


class AgentStatusUpdated(Logged):
    """Tells of a chat's new status; goes to the owner's user sockets too, without numbers and with `session_id`."""

    type: Literal["agent_status_updated"] = "agent_status_updated"
    chat_id: UUID
    status: Literal["idle", "running", "waiting", "interrupted", "error"]
    session_id: UUID | None = None

    def encode_for_user(self, session_id: UUID) -> str:
        """Encode the frame for the owner's user sockets."""
        frame = self.model_copy(update={"session_id": session_id})
        return json.dumps({name: value for name, value in json.loads(frame.encode()).items() if name != "channel"})


class TurnStarted(Logged):
    """Tells that the agent begins to work on a message."""

    type: Literal["turn_started"] = "turn_started"
    turn_id: UUID
    chat_id: UUID
    model: str
    started_at: AwareDatetime


class TurnFinished(Logged):
    """Tells that a turn is over, what it used and what came of it. `cost_usd` is absent where no price is known."""

    type: Literal["turn_finished"] = "turn_finished"
    turn_id: UUID
    chat_id: UUID
    status: Literal["complete", "cancelled", "failed"]
    error: str | None = None
    cost_usd: float | None = None
    unpriced_steps: int
    tokens: dict[str, int | None]
    build: dict[str, Any] | None = None
    files: list[str]


class ChatCreated(Logged):
    """Tells of a new chat in the session."""

    type: Literal["chat_created"] = "chat_created"
    chat_id: UUID
    name: str
    model: str
    agent: str


class ChatRenamed(Logged):
    """Tells of a chat's new name; of model and agent where these were changed too."""

    type: Literal["chat_renamed"] = "chat_renamed"
    chat_id: UUID
    name: str
    model: str | None = None
    agent: str | None = None


class Compacted(Logged):
    """Tells that a chat's context was compacted."""

    type: Literal["compacted"] = "compacted"
    session_id: UUID
    chat_id: UUID
    before_tokens: int | None = None
    after_tokens: int | None = None


class ApprovalRequested(Logged):
    """Asks the person to decide on a call."""

    type: Literal["approval_requested"] = "approval_requested"
    chat_id: UUID
    trace_id: UUID
    tool: str
    input: Any
    reason: str = ""
    diff: str = ""


class ApprovalResolved(Logged):
    """Tells how a call was decided, and by whom."""

    type: Literal["approval_resolved"] = "approval_resolved"
    chat_id: UUID
    trace_id: UUID
    decision: Literal["allow", "deny", "always"]
    by: str


class BuildResult(Logged):
    """Tells how a run of the project's check ended."""

    type: Literal["build_result"] = "build_result"
    chat_id: UUID
    attempt: int
    status: Literal["passed", "failed", "timeout"]
    command: str
    errors: list[dict[str, Any]]


class WorkspaceChanged(Logged):
    """Names the files that a turn changed."""

    type: Literal["workspace_changed"] = "workspace_changed"
    project_id: UUID
    paths: list[str]


class LoggedError(Logged):
    """Tells of an error that concerns a chat as a whole."""

    type: Literal["error"] = "error"
    error: str
    reason: str | None = None
    message_id: UUID | None = None
    chat_id: UUID | None = None


LOGGED_FRAMES: tuple[type[Logged], ...] = (
    TextFrame,
    ToolCallDelta,
    ToolResultDelta,
    StatusDelta,
    ErrorDelta,
    MessageStarted,
    WholeText,
    MessageComplete,
    MessagesDeleted,
    UsageFrame,
    ToolTraceStart,
    ToolTraceFinish,
    ToolOutputFrame,
    AgentSnapshotFrame,
    AgentStatusUpdated,
    TurnStarted,
    TurnFinished,
    ChatCreated,
    ChatRenamed,
    Compacted,
    ApprovalRequested,
    ApprovalResolved,
    BuildResult,
    WorkspaceChanged,
    LoggedError,
)
