"""Asks a person about a call, records the decision, and wakes the turn that waits for it."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from chats.models import Approval, Rule
from chats.stream import frames, log, writer
from chats.stream.frame_limits import cut_args
from tools.permissions import rules
from tools.registry import TOOLS
from traces.models import ToolTrace

from .messages import Frames
from .status import resume_turn, wait_for_person

POLL_S = 2.0


class AlreadyDecided(Exception):
    """Says that somebody was faster, or that the call does not wait any more."""


# --- The turn -------------------------------------------------------------------------------------------------------


def request(trace: ToolTrace, reason: str, diff: str) -> Frames:
    """Asks a person about a call, which would make `diff`. Inside the writer's transaction."""
    Approval.objects.create(
        trace=trace,
        turn_id=trace.turn_id,
        reason=reason,
        diff=diff,
        expires_at=timezone.now() + timedelta(seconds=settings.APPROVAL_TIMEOUT_S),
    )
    return [
        frames.ApprovalRequested(
            chat_id=trace.chat_id,
            trace_id=trace.pk,
            tool=trace.tool,
            input=cut_args(trace.input),
            reason=reason,
            diff=diff,
        ),
        *wait_for_person(trace.turn_id, trace.chat_id),
    ]


def nobody_decided() -> str:
    """Says that the time for a decision is over."""
    return f"Nobody decided within {settings.APPROVAL_TIMEOUT_S // 60} minutes."


def resume(trace: ToolTrace) -> Frames:
    """Notes that the turn knows of the decision: from here on the call may have run."""
    Approval.objects.filter(trace=trace).update(taken_at=timezone.now())
    return resume_turn(trace.turn_id, trace.chat_id)


def open_calls(turn_id: UUID) -> list[UUID]:
    """Gives the traces of a turn's calls that wait for a person, so that nothing of them has run."""
    return list(Approval.objects.filter(turn_id=turn_id, taken_at=None).values_list("trace_id", flat=True))


def withdraw(trace: ToolTrace, why: str) -> Frames:
    """Closes the call's question with a no, if it is open."""
    waiting = Approval.objects.filter(trace=trace, decision="")
    if not waiting.update(decision="deny", note=why, decided_at=timezone.now()):
        return []
    return [frames.ApprovalResolved(chat_id=trace.chat_id, trace_id=trace.pk, decision="deny", by="")]


def rules_of(project_id: UUID) -> list[rules.Rule]:
    """Reads the project's rules."""
    rows = Rule.objects.filter(project_id=project_id).values_list("tool", "pattern", "verdict")
    return [rules.Rule(*row) for row in rows]  # type: ignore[arg-type]


class DecisionSignal:
    """Wakes the turns whose calls were decided in this process; decisions of other processes are found by asking the
    database."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, tuple[asyncio.AbstractEventLoop, asyncio.Event]] = {}

    def send(self, trace_id: UUID) -> None:
        """Wakes who waits for the trace's decision. From any thread."""
        if waiting := self._waiting.get(trace_id):
            loop, event = waiting
            loop.call_soon_threadsafe(event.set)

    async def wait(self, trace_id: UUID) -> None:
        """Returns when a decision was sent, or the database should be asked."""
        event = asyncio.Event()
        self._waiting[trace_id] = (asyncio.get_running_loop(), event)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), POLL_S)
        finally:
            del self._waiting[trace_id]


decisions = DecisionSignal()


# --- The person -----------------------------------------------------------------------------------------------------


def decide(trace: ToolTrace, user: User, decision: str, note: str = "", pattern: str = "") -> Approval:
    """Records a person's answer. `always` also makes a rule of the call, or of `pattern`. Raises AlreadyDecided."""
    with transaction.atomic():
        log.lock([trace.chat.session_id])
        waiting = Approval.objects.filter(
            trace=trace, decision="", trace__status=ToolTrace.Status.RUNNING, turn__cancel_requested=False
        )
        if not waiting.update(decision=decision, note=note, decided_by=user, decided_at=timezone.now()):
            raise AlreadyDecided("This call does not wait for a decision (any more).")
        if decision == Approval.Decision.ALWAYS:
            subjects = rules.subjects_of(TOOLS[trace.tool], trace.input)
            for allowed in [pattern] if pattern else map(rules.exact_pattern, subjects):
                Rule.objects.create(
                    project=trace.chat.session.project,
                    tool=trace.tool,
                    pattern=allowed,
                    verdict=Rule.Verdict.ALLOW,
                    created_by=user,
                )
        resolved = frames.ApprovalResolved.model_validate(
            {"chat_id": trace.chat_id, "trace_id": trace.pk, "decision": decision, "by": user.get_username()}
        )
        writer.append(trace.chat.session_id, [resolved])
        transaction.on_commit(lambda: decisions.send(trace.pk))
    return Approval.objects.get(trace=trace)
