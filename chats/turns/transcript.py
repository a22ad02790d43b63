"""Reads a chat's messages as the model is told them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q

from chats.models import Message, Turn
from chats.providers.base import AssistantText, ToolCall, ToolOutput, TranscriptItem, UserText, provider_of
from tools.registry import TOOLS

Results = dict[tuple[UUID | None, str], tuple[str, bool]]
"""What each call gave and whether that is an error, by turn and call: providers may use the same call ids again in
another turn."""

NO_RESULT = "No result: this call was not run."
LEFT_OUT = (Message.Status.STREAMING, Message.Status.INTERRUPTED)


@dataclass
class Transcript:
    """Holds what the model is told. `pending`: the calls of the turn's last step that have no result yet; `last_step`:
    the message that made them."""

    items: list[TranscriptItem] = field(default_factory=list)
    pending: list[ToolCall] = field(default_factory=list)
    last_step: Message | None = None


def read_transcript(turn: Turn) -> Transcript:
    """Reads what was said up to and in this turn, in order of turns, then of messages: what a person wrote while an
    earlier turn ran comes after that turn. A step that was cut off is left out."""
    rows = Message.objects.filter(chat_id=turn.chat_id, turn_id__lte=turn.pk, hidden_at=None).order_by("turn_id", "id")
    for_model = ~Q(role=Message.Role.SYSTEM) | Q(kind="build")
    messages = list(rows.exclude(status__in=LEFT_OUT).filter(for_model))
    results: Results = {
        (row.turn_id, row.tool_results["tool_call_id"]): (
            row.tool_results["output"],
            bool(row.tool_results.get("error")),
        )
        for row in messages
        if row.tool_results is not None
    }
    transcript = Transcript()
    for message in messages:
        if message.role in (Message.Role.USER, Message.Role.SYSTEM):
            transcript.items.append(UserText(message.content))
        elif message.role == Message.Role.ASSISTANT and (message.content or message.tool_calls):
            _add_step(transcript, message, results)
    last = messages[-1] if messages else None
    steps = [row for row in messages if row.role == Message.Role.ASSISTANT and row.turn_id == turn.pk]
    if last is not None and steps and last.turn_id == turn.pk:
        transcript.last_step = steps[-1]
        _set_pending(transcript, steps[-1], results)
    return transcript


def read_agent_state(items: Sequence[TranscriptItem]) -> dict[str, Any]:
    """What the agent snapshot keeps of the calls so far: of each tool that has a state, that of its last call."""
    state: dict[str, Any] = {}
    for item in items:
        for call in item.tool_calls if isinstance(item, AssistantText) else ():
            if tool := TOOLS.get(call.name):
                state |= tool.snapshot_state(call.args)
    return state


def _calls(message: Message) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(**call) for call in message.tool_calls or ())


def _add_step(transcript: Transcript, message: Message, results: Results) -> None:
    """Adds a step and its results. A call without a result gets one that says so, for providers refuse it otherwise."""
    calls = _calls(message)
    made_by = provider_of(message.model)
    transcript.items.append(AssistantText(message.content, calls, message.provider_state or None, made_by))
    for call in calls:
        output, is_error = results.get((message.turn_id, call.id), (NO_RESULT, True))
        transcript.items.append(ToolOutput(call.id, call.name, output, is_error, made_by))


def _set_pending(transcript: Transcript, step: Message, results: Results) -> None:
    """Takes the stand-ins for results out again of those calls of the last step that will still run."""
    pending = [call for call in _calls(step) if (step.turn_id, call.id) not in results]
    transcript.pending = pending
    if pending:
        del transcript.items[-len(pending) :]
