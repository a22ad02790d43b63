"""A session's log and what is read from it. Sync; async callers go through `in_database`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from boocode.database import one_moment
from boocode.plain import plain, plain_rows
from snapshots import store
from snapshots.models import AgentSnapshot
from tools.checking import CHECK
from traces import recorder

from . import ledger, stream, wire
from .models import Approval, Chat, LogSlice, Message, SessionLog

FIELDS = (
    "id session_id chat_id turn_id role content kind tool_calls tool_results status last_seq tokens_used ctx_used "
    "ctx_max cache_tokens reasoning_tokens model started_at finished_at created_at metadata"
).split()
SLICES_A_READ = 4


# --- Append: inside a transaction only -----------------------------------------------------------------------------


def lock(session_ids: Iterable[UUID]) -> dict[UUID, SessionLog]:
    """The log rows, locked until the transaction ends. In order of id: two writers then never wait for each other."""
    return ledger.lock_logs(set(session_ids))


def place(log: SessionLog, frames: Iterable[wire.Logged]) -> stream.Placed:
    """Place the frames after the log's head and move it on. The caller holds the row's lock and saves it."""
    placed = stream.place(stream.coalesce(frames), log.heads, log.ord)
    log.heads, log.ord = placed.heads, placed.last_ord
    return placed


def slices_of(session_id: UUID, placed: stream.Placed) -> list[ledger.Row]:
    """The rows that hold the entries: one, but for a commit so large that nobody wants to read it in one piece."""
    return [(session_id, piece.first_ord, piece.last_ord, "\n".join(piece.lines)) for piece in stream.cut(placed)]


# --- Replay --------------------------------------------------------------------------------------------------------


Line = tuple[int, str]
"""A frame as JSON text, and the `ord` that a client acknowledges once it has read it."""


@dataclass(frozen=True)
class Resumption:
    """The answer to a `reconnect`: `frames` to send in order; then the log goes on after `ord`."""

    epoch: str
    ord: int
    frames: list[Line]


def resume(session_id: UUID, positions: Mapping[str, Any], epoch: str | None) -> Resumption:
    """What a client at these positions has to be sent, read as of one moment. Raises SessionLog.DoesNotExist."""
    with one_moment():
        log = SessionLog.objects.get(pk=session_id)
        missing = _replay(log, positions, epoch)
        heads = _heads(log)
        resumed = wire.Resumed(recovered=missing is not None, replayed=len(missing or ()), **heads)
        before = missing[0][0] - 1 if missing else log.ord
        frames = [(before, resumed.encode())]
        frames += missing if missing is not None else [(log.ord, _snapshot(log, heads))]
        frames += [
            (log.ord, wire.AgentSnapshot(chat_id=row.chat_id, snapshot=data).encode())
            for row in AgentSnapshot.objects.filter(chat__session_id=session_id).order_by("chat_id")
            if (data := store.readable(row)) is not None
        ]
        return Resumption(str(log.epoch), log.ord, frames)


def _heads(log: SessionLog) -> dict[str, Any]:
    return {"epoch": log.epoch, "heads": stream.full_heads(log.heads), "ord": log.ord}


def _replay(log: SessionLog, positions: Mapping[str, Any], epoch: str | None) -> list[Line] | None:
    state = stream.LogState(str(log.epoch), log.first_epoch, log.ord, log.heads, log.floors)
    wanted = stream.missed(state, positions, epoch)
    if wanted is None:
        return None
    count = sum(log.heads[channel] - seq for channel, seq in wanted.items())
    found: list[Line] = []
    size = read = 0
    # From the end backwards: what a client misses is nearly always the tail.
    slices = LogSlice.objects.filter(session_id=log.pk).order_by("-first_ord")
    for frames in slices.values_list("frames", flat=True).iterator(chunk_size=SLICES_A_READ) if count else ():
        lines = frames.split("\n")
        chosen = stream.select(lines, wanted)
        found[:0] = chosen
        size += sum(len(line) for _ord, line in chosen)
        read += len(lines)
        if len(found) == count:
            break
        if size > stream.MAX_REPLAY_BYTES or read > 4 * stream.MAX_REPLAY_ENTRIES:
            return None
    return found if len(found) == count and size <= stream.MAX_REPLAY_BYTES else None


def _snapshot(log: SessionLog, heads: dict[str, Any]) -> str:
    session_id = log.pk
    traces = _shown_traces(session_id)
    frame = wire.Snapshot(
        messages=read_messages(session_id),
        chats=[
            {"id": str(chat.id), "name": chat.name, "model": chat.model, "agent": chat.agent, "status": chat.status}
            for chat in Chat.objects.filter(session_id=session_id)
        ],
        traces=traces,
        approvals=waiting_approvals(session_id),
        outputs=_running_outputs(session_id, traces),
        **heads,
    )
    # Its lists hold JSON values already: for pydantic to walk over half a megabyte would change nothing.
    return json.dumps(vars(frame) | {"epoch": str(frame.epoch)}, separators=(",", ":"))


def _shown_traces(session_id: UUID) -> list[dict[str, Any]]:
    hidden = Message.objects.filter(session_id=session_id, hidden_at__isnull=False, role=Message.Role.ASSISTANT)
    taken_back = {str(pk) for pk in hidden.values_list("pk", flat=True)}
    return [trace for trace in recorder.brief(session_id, CHECK.name) if trace["message_id"] not in taken_back]


def _running_outputs(session_id: UUID, traces: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    began = {trace["tool_call_id"]: trace["started_at"] for trace in traces if trace["status"] == "running"}
    if not began:
        return {}
    said = outputs_since(session_id, datetime.fromisoformat(min(began.values())))
    return {call: text for call, text in said.items() if call in began}


def waiting_approvals(session_id: UUID) -> list[dict[str, Any]]:
    """The questions that are open, as `approval_requested` told of them."""
    waiting = Approval.objects.filter(turn__chat__session_id=session_id, decision="", trace__status="running")
    return [
        {
            "chat_id": str(row.trace.chat_id),
            "trace_id": str(row.trace_id),
            "tool": row.trace.tool,
            "input": row.trace.input,
            "reason": row.reason,
            "diff": row.diff,
        }
        for row in waiting.select_related("trace")
    ]


@dataclass(frozen=True)
class Heartbeat:
    """Where a log stands, and the frame that says so."""

    epoch: str
    ord: int
    frame: str


def heartbeats(session_ids: Iterable[UUID]) -> dict[UUID, Heartbeat]:
    """The heartbeat of each session; none for a deleted one."""
    rows = SessionLog.objects.filter(pk__in=list(session_ids))
    return {row.pk: Heartbeat(str(row.epoch), row.ord, wire.Heartbeat(**_heads(row)).encode()) for row in rows}


def read_after(session_id: UUID, epoch: str, ord: int) -> list[str] | None:
    """The entries that follow `ord`, a window full at most. None where they are not to be had: history was rewritten,
    or what comes next was pruned. Raises SessionLog.DoesNotExist."""
    with one_moment():
        log = SessionLog.objects.get(pk=session_id)
        if str(log.epoch) != epoch or not log.floor <= ord <= log.ord:
            return None
        rows = LogSlice.objects.filter(session_id=session_id, last_ord__gt=ord).order_by("first_ord")
        lines, size = list[str](), 0
        for first_ord, frames in rows.values_list("first_ord", "frames").iterator(chunk_size=SLICES_A_READ):
            lines += frames.split("\n")[max(0, ord + 1 - first_ord) :]
            size += len(frames)
            if size >= stream.WINDOW_BYTES:
                break
        return lines


def standings(session_ids: Iterable[UUID]) -> dict[UUID, tuple[str, int]]:
    """Epoch and last `ord` of each session; none for a deleted one."""
    rows = SessionLog.objects.filter(pk__in=list(session_ids)).values_list("pk", "epoch", "ord")
    return {pk: (str(epoch), ord) for pk, epoch, ord in rows}


# --- Messages ------------------------------------------------------------------------------------------------------


def read_messages(
    session_id: UUID, chat_id: UUID | None = None, before: UUID | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Messages as PROTOCOL.md section 2 gives them, oldest first, an answer in progress with its text so far."""
    rows = Message.objects.filter(session_id=session_id, hidden_at=None)
    if chat_id:
        rows = rows.filter(chat_id=chat_id)
    if before:
        rows = rows.filter(id__lt=before)
    messages = list(plain_rows(rows.order_by("-id")[:limit], *FIELDS, "start_ord"))[::-1]
    for message in messages:
        start_ord = message.pop("start_ord")
        if message["status"] == Message.Status.STREAMING:
            _fold(message, start_ord)
    return messages


def as_wire(row: Mapping[str, Any]) -> dict[str, Any]:
    """A message's fields as JSON values."""
    return {name: plain(row[name]) for name in FIELDS}


def _fold(message: dict[str, Any], start_ord: int) -> None:
    """Add to a streaming message what the log holds beyond its row."""
    place = UUID(message["session_id"]), UUID(message["id"])
    text, reasoning, message["last_seq"] = text_so_far(*place, start_ord, message["last_seq"])
    message["content"] += text
    if reasoning:
        message["metadata"] = message["metadata"] | {"reasoning": reasoning}


def outputs_since(session_id: UUID, after: datetime) -> dict[str, str]:
    """What commands said, by tool call, in the entries that were committed after `after`. A call that was begun anew
    has said what it said since."""
    # The slice's own time is a little before its commit.
    slices = LogSlice.objects.filter(session_id=session_id, created_at__gte=after - timedelta(seconds=1))
    said: dict[str, str] = {}
    for frames in slices.order_by("first_ord").values_list("frames", flat=True):
        for line in frames.split("\n"):
            if '"type":"tool_output"' in line:
                frame = json.loads(line)
                call = frame["tool_call_id"]
                said[call] = said.get(call, "") + frame["chunk"]
            elif '"type":"tool_trace_start"' in line:
                said.pop(json.loads(line)["trace"]["tool_call_id"], None)
    return said


def text_so_far(session_id: UUID, message_id: UUID, start_ord: int, last_seq: int) -> tuple[str, str, int]:
    """Text and reasoning of a message that began at `start_ord`, from the text channel's `last_seq` on, and the seq
    below which they are contained."""
    slices = LogSlice.objects.filter(session_id=session_id, last_ord__gte=start_ord).order_by("first_ord")
    lines = (line for frames in slices.values_list("frames", flat=True) for line in frames.split("\n"))
    return stream.fold_text(lines, str(message_id), last_seq)
