"""Calls that wait for a person: asking, deciding, and hearing of the decision."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from tools import rules
from tools.checking import CHECK
from tools.registry import TOOLS
from traces import recorder
from traces.models import ToolTrace

from . import events, log, wire
from .messages import Frames
from .models import Approval, Chat, Rule, Turn

POLL_S = 2.0


class AlreadyDecided(Exception):
    """Somebody was faster, or the call does not wait any more. The text says so."""


# --- The turn's side ------------------------------------------------------------------------------------------------


def ask(trace: ToolTrace, reason: str, diff: str) -> Frames:
    """Put the question. Inside the writer's transaction."""
    Approval.objects.create(
        trace=trace,
        turn_id=trace.turn_id,
        reason=reason,
        diff=diff,
        expires_at=timezone.now() + timedelta(seconds=settings.APPROVAL_TIMEOUT_S),
    )
    return [
        wire.ApprovalRequested(
            chat_id=trace.chat_id, trace_id=trace.pk, tool=trace.tool, input=trace.input, reason=reason, diff=diff
        ),
        *_status(trace, "waiting"),
    ]


def nobody_decided() -> str:
    return f"Nobody decided within {settings.APPROVAL_TIMEOUT_S // 60} minutes."


def take(trace: ToolTrace) -> Frames:
    """The turn has heard of the decision: from here on the call may have run."""
    Approval.objects.filter(trace=trace).update(taken_at=timezone.now())
    return _status(trace, "running")


def open_calls(turn_id: UUID) -> list[UUID]:
    """The traces of a turn that wait, so that nothing of them has run."""
    return list(Approval.objects.filter(turn_id=turn_id, taken_at=None).values_list("trace_id", flat=True))


def withdraw(trace: ToolTrace, why: str) -> Frames:
    """Close the call's question, if it is open, with a no."""
    waiting = Approval.objects.filter(trace=trace, decision="")
    if not waiting.update(decision="deny", note=why, decided_at=timezone.now()):
        return []
    return [wire.ApprovalResolved(chat_id=trace.chat_id, trace_id=trace.pk, decision="deny", by="")]


def _status(trace: ToolTrace, status: str) -> Frames:
    Turn.objects.filter(pk=trace.turn_id).update(status=status)
    recorder.turn_status(trace.turn_id, status)
    Chat.objects.filter(pk=trace.chat_id).update(status=status)
    return [wire.AgentStatusUpdated.model_validate({"chat_id": trace.chat_id, "status": status})]


def rules_of(project_id: UUID) -> list[rules.Rule]:
    rows = Rule.objects.filter(project_id=project_id).values_list("tool", "pattern", "verdict")
    return [rules.Rule(*row) for row in rows]  # type: ignore[arg-type]


class Bell:
    """Rings when a decision was made in this process; those of other processes are found by asking the database."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, tuple[asyncio.AbstractEventLoop, asyncio.Event]] = {}

    def ring(self, trace_id: UUID) -> None:
        """From any thread."""
        if waiting := self._waiting.get(trace_id):
            loop, event = waiting
            loop.call_soon_threadsafe(event.set)

    async def wait(self, trace_id: UUID) -> None:
        """Until it rings, or the database should be asked."""
        event = asyncio.Event()
        self._waiting[trace_id] = (asyncio.get_running_loop(), event)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), POLL_S)
        finally:
            del self._waiting[trace_id]


bell = Bell()


# --- The person's side ----------------------------------------------------------------------------------------------


def decide(trace: ToolTrace, user: User, decision: str, note: str = "", pattern: str = "") -> Approval:
    """Answer the question. `always` also makes a rule of the call, or of `pattern`. Raises AlreadyDecided."""
    with transaction.atomic():
        log.lock([trace.chat.session_id])
        waiting = Approval.objects.filter(
            trace=trace, decision="", trace__status=ToolTrace.Status.RUNNING, turn__cancel_requested=False
        )
        if not waiting.update(decision=decision, note=note, decided_by=user, decided_at=timezone.now()):
            raise AlreadyDecided("This call does not wait for a decision (any more).")
        if decision == Approval.Decision.ALWAYS:
            subjects = rules.subjects_of(TOOLS.get(trace.tool, CHECK), trace.input)
            for allowed in [pattern] if pattern else map(rules.exact_pattern, subjects):
                Rule.objects.create(
                    project=trace.chat.session.project,
                    tool=trace.tool,
                    pattern=allowed,
                    verdict=Rule.Verdict.ALLOW,
                    created_by=user,
                )
        resolved = wire.ApprovalResolved.model_validate(
            {"chat_id": trace.chat_id, "trace_id": trace.pk, "decision": decision, "by": user.get_username()}
        )
        events.append(trace.chat.session_id, [resolved])
        transaction.on_commit(lambda: bell.ring(trace.pk))
    return Approval.objects.get(trace=trace)
