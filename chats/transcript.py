"""A chat's messages as the model is told them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q
from pydantic import ValidationError

from tools.builtin.todo import TODO
from tools.errors import ToolError

from .models import Message, Turn
from .providers.base import AssistantText, ToolCall, ToolOutput, TranscriptItem, UserText

Results = dict[tuple[UUID | None, str], str]
"""What each call gave, by turn and call: providers may use the same call ids again in another turn."""

NO_RESULT = "No result: this call was not run."
LEFT_OUT = (Message.Status.STREAMING, Message.Status.INTERRUPTED)


@dataclass
class Transcript:
    """`pending`: the calls of the turn's last step that have no result yet; `last_step`: the message that made them."""

    items: list[TranscriptItem] = field(default_factory=list)
    pending: list[ToolCall] = field(default_factory=list)
    last_step: Message | None = None


def read_transcript(turn: Turn) -> Transcript:
    """What was said up to and in this turn, in order of turns, then of messages: what a person wrote while an earlier
    turn ran comes after that turn. A step that was cut off is left out."""
    rows = Message.objects.filter(chat_id=turn.chat_id, turn_id__lte=turn.pk, hidden_at=None).order_by("turn_id", "id")
    for_model = ~Q(role=Message.Role.SYSTEM) | Q(kind="build")
    messages = list(rows.exclude(status__in=LEFT_OUT).filter(for_model))
    results: Results = {
        (row.turn_id, row.tool_results["tool_call_id"]): row.tool_results["output"]
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
        _leave_pending(transcript, steps[-1], results)
    return transcript


def last_list(items: Sequence[TranscriptItem]) -> dict[str, Any]:
    """What the last `todo` call left, as the agent's snapshot keeps it."""
    for item in reversed(items):
        if isinstance(item, AssistantText):
            for call in reversed(item.tool_calls):
                if call.name == TODO.name:
                    with suppress(ToolError, ValidationError):
                        return {"todo": TODO.parsed(call.args).model_dump()["items"]}
    return {}


def _calls(message: Message) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(**call) for call in message.tool_calls or ())


def _add_step(transcript: Transcript, message: Message, results: Results) -> None:
    """A call without a result gets one that says so, for providers refuse a call without."""
    calls = _calls(message)
    transcript.items.append(AssistantText(message.content, calls, message.provider_state or None))
    for call in calls:
        output = results.get((message.turn_id, call.id), NO_RESULT)
        transcript.items.append(ToolOutput(call.id, call.name, output))


def _leave_pending(transcript: Transcript, step: Message, results: Results) -> None:
    """The last step's calls that did not run yet will: take their stand-ins out again."""
    pending = [call for call in _calls(step) if (step.turn_id, call.id) not in results]
    transcript.pending = pending
    if pending:
        del transcript.items[-len(pending) :]
