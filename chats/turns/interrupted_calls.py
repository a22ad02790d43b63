"""Settles the calls that a process left running when it died: reads run again, writes are compared with the files, and
a command is never run twice."""

from typing import Any

from django.conf import settings

from chats.models import SessionLog, Turn
from chats.stream import frames, log
from snapshots import write_intents
from tools.base import Tool
from tools.files.workspace import Workspace
from tools.registry import TOOLS
from traces.models import ToolTrace
from traces.record import recorder
from traces.record.trace_json import encode_trace

from . import approvals
from .messages import Frames, add_result

RUNS_AGAIN = "Cut off by a restart of the server; it is run again."
UNKNOWN_OUTCOME = (
    "Interrupted: the server stopped while this ran. Whether it took effect is unknown; "
    "look at the current state before you run it again."
)
SHOWN_CHARS = 4_000


def settle(turn: Turn, log_row: SessionLog) -> Frames:
    """Closes the turn's running calls, inside the transaction that takes it over; those without a result run again."""
    waiting = approvals.open_calls(turn.pk)
    emitted: Frames = []
    for trace in recorder.unfinished(turn.pk):
        if trace.pk in waiting:
            continue
        tool = TOOLS.get(trace.tool)
        harmless = tool is None or not tool.model_may_call or tool.kind_of(trace.input) == "read"
        if harmless or not write_intents.has_started(trace.pk):
            emitted.append(_end_trace(turn, trace, "interrupted", output=RUNS_AGAIN, error=RUNS_AGAIN))
        elif tool is not None and tool.kind == "write":
            emitted += _settle_write(turn, log_row, trace, tool)
        else:
            emitted += _end_with_result(turn, log_row, trace, "interrupted", _output_so_far(log_row, trace))
    return emitted


def _settle_write(turn: Turn, log_row: SessionLog, trace: ToolTrace, tool: Tool[Any]) -> Frames:
    try:
        workspace = Workspace(turn.chat.workspace.root, protected=[settings.DATA_DIR])
        outcome, paths = write_intents.outcome(trace.pk, tool, trace.input, workspace)
    except OSError:
        outcome, paths = "conflict", []
    names = ", ".join(paths)
    if outcome == "to do":
        return [_end_trace(turn, trace, "interrupted", output=RUNS_AGAIN, error=RUNS_AGAIN)]
    if outcome == "done":
        changed = frames.WorkspaceChanged(project_id=turn.chat.workspace.project_id, paths=paths)
        text = f"Done: {names}, just before the server was restarted."
        return [*_end_with_result(turn, log_row, trace, "ok", text), changed]
    text = (
        f"Interrupted: the server stopped while this ran, and {names or 'what it was about'} is not as it was before. "
        "Nothing was overwritten. Read it before you change it again."
    )
    return _end_with_result(turn, log_row, trace, "interrupted", text)


def _end_with_result(turn: Turn, log_row: SessionLog, trace: ToolTrace, status: str, text: str) -> Frames:
    error = "" if status == "ok" else text
    result = add_result(turn, log_row.pk, trace.message_id, trace.tool_call_id, text, error=error or None)
    return [_end_trace(turn, trace, status, output=text, error=error), result]


def _end_trace(turn: Turn, trace: ToolTrace, status: str, **outcome: Any) -> frames.Logged:
    ended = recorder.finish(trace, status, **outcome)
    facts = encode_trace(ended, full=False)
    return frames.ToolTraceFinish(chat_id=turn.chat_id, message_id=trace.message_id, trace=facts)


def _output_so_far(log_row: SessionLog, trace: ToolTrace) -> str:
    """Tells the model that the outcome is unknown, and what the command had printed."""
    said = log.read_outputs_since(log_row.pk, trace.started_at).get(trace.tool_call_id, "")
    if not said:
        return f"{UNKNOWN_OUTCOME} It had not said anything yet."
    cut = "…" if len(said) > SHOWN_CHARS else ""
    return f"{UNKNOWN_OUTCOME} Its output until then:\n{cut}{said[-SHOWN_CHARS:]}"
