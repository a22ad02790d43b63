"""What becomes of the calls that a process left running when it died: reads run again, writes are compared with the
files, and a command is never run twice."""

from typing import Any

from django.conf import settings

from snapshots import writes
from tools.checking import CHECK
from tools.registry import TOOLS
from tools.workspace import Workspace
from traces import recorder
from traces.models import ToolTrace

from . import approvals, log, wire
from .messages import tool_message
from .models import SessionLog, Turn

RUNS_AGAIN = "Cut off by a restart of the server; it is run again."
UNKNOWN_OUTCOME = (
    "Interrupted: the server stopped while this ran. Whether it took effect is unknown; "
    "look at the current state before you run it again."
)
SHOWN_CHARS = 4_000


def settle(turn: Turn, log_row: SessionLog) -> list[wire.Logged]:
    """Close the turn's running calls, inside the transaction that takes it over; those without a result run again."""
    waiting = approvals.open_calls(turn.pk)
    frames: list[wire.Logged] = []
    for trace in recorder.unfinished(turn.pk):
        if trace.pk in waiting:
            continue
        tool = TOOLS.get(trace.tool)
        harmless = tool is None or tool.kind == "read" or trace.tool == CHECK.name
        if harmless or not writes.has_started(trace.pk):
            frames.append(_ended(turn, trace, "interrupted", output=RUNS_AGAIN, error=RUNS_AGAIN))
        elif tool is not None and tool.kind == "write":
            frames += _settle_write(turn, log_row, trace)
        else:
            frames += _told(turn, log_row, trace, "interrupted", _with_output(log_row, trace))
    return frames


def _settle_write(turn: Turn, log_row: SessionLog, trace: ToolTrace) -> list[wire.Logged]:
    project = turn.chat.session.project
    try:
        workspace = Workspace(project.root, protected=[settings.DATA_DIR])
        outcome, paths = writes.outcome(trace.pk, trace.tool, trace.input, workspace)
    except OSError:
        outcome, paths = "conflict", []
    names = ", ".join(paths)
    if outcome == "to do":
        return [_ended(turn, trace, "interrupted", output=RUNS_AGAIN, error=RUNS_AGAIN)]
    if outcome == "done":
        changed = wire.WorkspaceChanged(project_id=project.pk, paths=paths)
        return [*_told(turn, log_row, trace, "ok", f"Done: {names}, just before the server was restarted."), changed]
    text = (
        f"Interrupted: the server stopped while this ran, and {names or 'what it was about'} is not as it was before. "
        "Nothing was overwritten. Read it before you change it again."
    )
    return _told(turn, log_row, trace, "interrupted", text)


def _told(turn: Turn, log_row: SessionLog, trace: ToolTrace, status: str, text: str) -> list[wire.Logged]:
    error = "" if status == "ok" else text
    result = tool_message(turn, log_row.pk, trace.message_id, trace.tool_call_id, text, error=error or None)
    return [_ended(turn, trace, status, output=text, error=error), result]


def _ended(turn: Turn, trace: ToolTrace, status: str, **outcome: Any) -> wire.Logged:
    ended = recorder.finish(trace, status, **outcome)
    facts = recorder.as_wire(ended, full=False)
    return wire.ToolTraceFinish(chat_id=turn.chat_id, message_id=trace.message_id, trace=facts)


def _with_output(log_row: SessionLog, trace: ToolTrace) -> str:
    """The word to the model, with what the command had said."""
    said = log.outputs_since(log_row.pk, trace.started_at).get(trace.tool_call_id, "")
    if not said:
        return f"{UNKNOWN_OUTCOME} It had not said anything yet."
    cut = "…" if len(said) > SHOWN_CHARS else ""
    return f"{UNKNOWN_OUTCOME} Its output until then:\n{cut}{said[-SHOWN_CHARS:]}"
