"""Reads a session's log, and numbers what is appended to it. Sync; async callers go through `in_database`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from boocode.db.json_rows import read_json_rows, to_json
from boocode.db.threads import consistent_reads
from chats.models import Approval, Chat, LogSlice, Message, SessionLog
from snapshots import agent_snapshots
from snapshots.models import AgentSnapshot
from tools.check.run import CHECK
from traces.record.trace_json import read_session_traces

from . import frame_limits, log_sql, sequencing
from .frames import AgentSnapshotFrame, Logged
from .socket_frames import Heartbeat, Resumed, Snapshot

MESSAGE_FIELDS = (
    "id session_id chat_id turn_id role content kind tool_calls tool_results status last_seq tokens_used ctx_used "
    "ctx_max cache_tokens reasoning_tokens model started_at finished_at created_at metadata"
).split()
SLICES_A_READ = 4


# --- Append: inside a transaction only -----------------------------------------------------------------------------


def lock(session_ids: Iterable[UUID]) -> dict[UUID, SessionLog]:
    """Lock the rows of these logs until the transaction ends; none for a deleted session."""
    return log_sql.lock_logs(set(session_ids))


def append_frames(log: SessionLog, added: Iterable[Logged]) -> sequencing.Entries:
    """Number the frames after the log's head and move the head on. The caller holds the row's lock and saves it."""
    entries = sequencing.number_frames(sequencing.join_deltas(added), log.heads, log.ord)
    log.heads, log.ord = entries.heads, entries.last_ord
    return entries


def build_slices(session_id: UUID, entries: sequencing.Entries) -> list[log_sql.Row]:
    """Build the rows that hold the entries: one, but for a commit that is too large to be read in one piece."""
    return [
        (session_id, piece.first_ord, piece.last_ord, "\n".join(piece.lines))
        for piece in sequencing.split_entries(entries)
    ]


# --- Replay --------------------------------------------------------------------------------------------------------


Line = tuple[int, str]
"""A frame as JSON text, and the `ord` that a client acknowledges once it has read it."""


@dataclass(frozen=True)
class Resumption:
    """Answers a `reconnect`: `frames` to send in order; then the log goes on after `ord`."""

    epoch: str
    ord: int
    frames: list[tuple[int | None, str]]
    """Parts of a snapshot have no `ord`: only the whole can be acknowledged."""


def read_resumption(session_id: UUID, positions: Mapping[str, Any], epoch: str | None) -> Resumption:
    """Read what a client at these positions has to be sent, as of one moment. Raises SessionLog.DoesNotExist."""
    with consistent_reads():
        log = SessionLog.objects.get(pk=session_id)
        missing = _replay(log, positions, epoch)
        heads = _heads(log)
        resumed = Resumed(recovered=missing is not None, replayed=len(missing or ()), **heads)
        before = missing[0][0] - 1 if missing else log.ord
        frames: list[tuple[int | None, str]] = [(before, resumed.encode())]
        if missing is None:
            *parts, last = _snapshot(log, heads)
            frames += [*((None, part) for part in parts), (log.ord, last)]
        else:
            frames += missing
        frames += [
            (log.ord, AgentSnapshotFrame(chat_id=row.chat_id, snapshot=data).encode())
            for row in AgentSnapshot.objects.filter(chat__session_id=session_id).order_by("chat_id")
            if (data := agent_snapshots.readable(row)) is not None
        ]
        return Resumption(str(log.epoch), log.ord, frames)


def _heads(log: SessionLog) -> dict[str, Any]:
    return {"epoch": log.epoch, "heads": sequencing.fill_heads(log.heads), "ord": log.ord}


def _replay(log: SessionLog, positions: Mapping[str, Any], epoch: str | None) -> list[Line] | None:
    state = sequencing.LogState(str(log.epoch), log.first_epoch, log.ord, log.heads, log.floors)
    wanted = sequencing.plan_replay(state, positions, epoch)
    if wanted is None:
        return None
    count = sum(log.heads[channel] - seq for channel, seq in wanted.items())
    found: list[Line] = []
    size = read = 0
    # From the end backwards: what a client misses is nearly always the tail.
    slices = LogSlice.objects.filter(session_id=log.pk).order_by("-first_ord")
    for frames in slices.values_list("frames", flat=True).iterator(chunk_size=SLICES_A_READ) if count else ():
        lines = frames.split("\n")
        chosen = sequencing.select_lines(lines, wanted)
        found[:0] = chosen
        size += sum(len(line) for _ord, line in chosen)
        read += len(lines)
        if len(found) == count:
            break
        if size > sequencing.MAX_REPLAY_BYTES or read > 4 * sequencing.MAX_REPLAY_ENTRIES:
            return None
    return found if len(found) == count and size <= sequencing.MAX_REPLAY_BYTES else None


def _snapshot(log: SessionLog, heads: dict[str, Any]) -> list[str]:
    session_id = log.pk
    traces = _shown_traces(session_id)
    frame = Snapshot(
        messages=[frame_limits.cut_message(message) for message in read_messages(session_id)],
        chats=[
            {"id": str(chat.id), "name": chat.name, "model": chat.model, "agent": chat.agent, "status": chat.status}
            for chat in Chat.objects.filter(session_id=session_id)
        ],
        traces=traces,
        approvals=read_open_approvals(session_id),
        outputs=_running_outputs(session_id, traces),
        **heads,
    )
    # Its lists hold JSON values already: for pydantic to walk over half a megabyte would change nothing.
    return frame_limits.split_snapshot(vars(frame) | {"epoch": str(frame.epoch)})


def _shown_traces(session_id: UUID) -> list[dict[str, Any]]:
    hidden = Message.objects.filter(session_id=session_id, hidden_at__isnull=False, role=Message.Role.ASSISTANT)
    taken_back = {str(pk) for pk in hidden.values_list("pk", flat=True)}
    return [trace for trace in read_session_traces(session_id, CHECK.name) if trace["message_id"] not in taken_back]


def _running_outputs(session_id: UUID, traces: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    began = {trace["tool_call_id"]: trace["started_at"] for trace in traces if trace["status"] == "running"}
    if not began:
        return {}
    outputs = read_outputs_since(session_id, datetime.fromisoformat(min(began.values())))
    return {call: text for call, text in outputs.items() if call in began}


def read_open_approvals(session_id: UUID) -> list[dict[str, Any]]:
    """Read the open approvals, in the shape of `approval_requested`."""
    waiting = Approval.objects.filter(turn__chat__session_id=session_id, decision="", trace__status="running")
    return [
        {
            "chat_id": str(row.trace.chat_id),
            "trace_id": str(row.trace_id),
            "tool": row.trace.tool,
            "input": frame_limits.cut_args(row.trace.input),
            "reason": row.reason,
            "diff": row.diff,
        }
        for row in waiting.select_related("trace")
    ]


@dataclass(frozen=True)
class LogPosition:
    """Says how far a log reaches; `frame` is the heartbeat as JSON text."""

    epoch: str
    ord: int
    frame: str


def read_positions(session_ids: Iterable[UUID]) -> dict[UUID, LogPosition]:
    """Read the heartbeat of each session; none for a deleted one."""
    rows = SessionLog.objects.filter(pk__in=list(session_ids))
    return {row.pk: LogPosition(str(row.epoch), row.ord, Heartbeat(**_heads(row)).encode()) for row in rows}


def read_after(session_id: UUID, epoch: str, ord: int) -> list[str] | None:
    """Read the entries that follow `ord`, WINDOW_BYTES at most.

    None where the client can't go on from there: history was rewritten, or the next entry was pruned. Raises
    SessionLog.DoesNotExist.
    """
    with consistent_reads():
        log = SessionLog.objects.get(pk=session_id)
        if str(log.epoch) != epoch or not log.floor <= ord <= log.ord:
            return None
        rows = LogSlice.objects.filter(session_id=session_id, last_ord__gt=ord).order_by("first_ord")
        lines, size = list[str](), 0
        for first_ord, frames in rows.values_list("first_ord", "frames").iterator(chunk_size=SLICES_A_READ):
            lines += frames.split("\n")[max(0, ord + 1 - first_ord) :]
            size += len(frames)
            if size >= sequencing.WINDOW_BYTES:
                break
        return lines


def read_heads(session_ids: Iterable[UUID]) -> dict[UUID, tuple[str, int]]:
    """Read the epoch and the last `ord` of each session; none for one that was deleted or lies in the bin."""
    shown = Q(session__removed_at=None, session__project__removed_at=None)
    rows = SessionLog.objects.filter(shown, pk__in=list(session_ids)).values_list("pk", "epoch", "ord")
    return {pk: (str(epoch), ord) for pk, epoch, ord in rows}


# --- Messages ------------------------------------------------------------------------------------------------------


def read_messages(
    session_id: UUID, chat_id: UUID | None = None, before: UUID | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Read messages as PROTOCOL.md section 2 describes them, oldest first, a streaming one with its text so far."""
    rows = Message.objects.filter(session_id=session_id, hidden_at=None)
    if chat_id:
        rows = rows.filter(chat_id=chat_id)
    if before:
        rows = rows.filter(id__lt=before)
    return _encode_messages(rows.order_by("-id")[:limit])[::-1]


def read_message(message_id: UUID) -> dict[str, Any] | None:
    """Read one message; None where it is gone or was taken back."""
    found = _encode_messages(Message.objects.filter(pk=message_id, hidden_at=None))
    return found[0] if found else None


def _encode_messages(rows: QuerySet[Message]) -> list[dict[str, Any]]:
    messages = list(read_json_rows(rows, *MESSAGE_FIELDS, "start_ord"))
    for message in messages:
        start_ord = message.pop("start_ord")
        if message["status"] == Message.Status.STREAMING:
            _add_streamed_text(message, start_ord)
    return messages


def message_to_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a message's fields to JSON values."""
    return {name: to_json(row[name]) for name in MESSAGE_FIELDS}


def _add_streamed_text(message: dict[str, Any], start_ord: int) -> None:
    """Add to a streaming message what the log holds beyond its row."""
    ids = UUID(message["session_id"]), UUID(message["id"])
    text, reasoning, message["last_seq"] = read_streamed_text(*ids, start_ord, message["last_seq"])
    message["content"] += text
    if reasoning:
        message["metadata"] = message["metadata"] | {"reasoning": reasoning}


def read_outputs_since(session_id: UUID, after: datetime) -> dict[str, str]:
    """Read the output of commands, by tool call, from the entries that were committed after `after`.

    Of a call that was run again, only the last run's output counts.
    """
    # The slice's own time is a little before its commit.
    slices = LogSlice.objects.filter(session_id=session_id, created_at__gte=after - timedelta(seconds=1))
    outputs: dict[str, str] = {}
    for frames in slices.order_by("first_ord").values_list("frames", flat=True):
        for line in frames.split("\n"):
            if '"type":"tool_output"' in line:
                frame = json.loads(line)
                call = frame["tool_call_id"]
                outputs[call] = outputs.get(call, "") + frame["chunk"]
            elif '"type":"tool_trace_start"' in line:
                outputs.pop(json.loads(line)["trace"]["tool_call_id"], None)
    return outputs


def read_streamed_text(session_id: UUID, message_id: UUID, start_ord: int, last_seq: int) -> tuple[str, str, int]:
    """Read the text and the reasoning of a message that began at `start_ord`, from the text channel's `last_seq` on.

    The third value is the seq below which both are contained.
    """
    slices = LogSlice.objects.filter(session_id=session_id, last_ord__gte=start_ord).order_by("first_ord")
    lines = (line for frames in slices.values_list("frames", flat=True) for line in frames.split("\n"))
    return sequencing.fold_text(lines, str(message_id), last_seq)
