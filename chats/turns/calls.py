"""Runs one tool call from the decision to its result, and records it on the way."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from time import monotonic
from typing import Any

from django.utils import timezone
from uuid6 import uuid7

from boocode.db.threads import in_database
from chats.models import Approval, SessionLog, Turn
from chats.providers.base import ToolCall
from chats.stream import frames, sanitize
from snapshots import write_intents
from tools.base import ToolContext, ToolResult
from tools.files.threads import in_thread
from tools.permissions.decision import Allow, Ask, Decision, Deny
from tools.registry import TOOLS
from traces.models import ToolTrace
from traces.otel import exporter
from traces.record import recorder
from traces.record.trace_json import encode_trace
from traces.redaction import Stream

from . import agent_snapshot, approvals
from .messages import Frames, add_result
from .state import TurnState
from .tool_access import ToolAccess
from .turn_log import TurnLog

Work = Callable[[ToolContext], Awaitable[ToolResult]]
"""Runs a call that is allowed."""
Prepare = Callable[[], Awaitable[write_intents.Planned]]
"""Makes ready for a call that may change files, and gives what it will do to them."""


@dataclass
class OpenCall:
    """Holds the call that runs at the moment. `wait_ms` is infinite while a person is asked: should the call end there,
    all of it was waiting."""

    call: ToolCall
    trace: asyncio.Future[ToolTrace]
    decided_by: str
    began: float = field(default_factory=monotonic)
    wait_ms: float = 0.0
    output: Stream = field(default_factory=lambda: recorder.redactor().stream())


class CallRecorder:
    """Runs the calls of one turn, one at a time, and records each. `open_traces` are those of calls that waited for a
    person when the turn's process ended: such a call goes on under its trace."""

    def __init__(
        self, turn: Turn, log: TurnLog, state: TurnState, access: ToolAccess, open_traces: Sequence[ToolTrace] = ()
    ) -> None:
        self.turn = turn
        self.log = log
        self.state = state
        self.access = access
        self._open: OpenCall | None = None
        self._open_traces = {trace.tool_call_id: trace for trace in open_traces}

    async def run(
        self, call: ToolCall, decision: Decision, work: Work, prepare: Prepare | None = None, *, for_model: bool = True
    ) -> ToolResult:
        """Records that the call begins, asks where `decision` says so, runs `work`, records the result.

        `prepare` is called once it is certain that the call will run, and gives what it is about to change; that is on
        record before it runs. The model is told the result of its own calls only (`for_model`).
        """
        intents = await prepare() if prepare and isinstance(decision, Allow) else None
        running = await self._start(call, decision.by, intents)
        if isinstance(decision, Ask):
            decision = await self._ask(running, decision)
            running.decided_by = decision.by
            if prepare and isinstance(decision, Allow):
                await self._record_intents(running, await prepare())
        if isinstance(decision, Deny):
            result = ToolResult(output=decision.reason, error=decision.reason, status="denied")
        else:
            result = _shown(await work(self._context(running)))
        await self._finish(running, result, result.status, for_model=for_model)
        return result

    async def interrupt(self, status: str, why: str) -> None:
        """Ends the call that runs, and tells the model of it and of those that will not run any more."""
        if (running := self._open) is not None:
            trace = running.trace.result()
            self.log.enqueue(lambda _log: (None, approvals.withdraw(trace, why)))
            await self._finish(running, ToolResult(output=why, error=why, status="error"), status)
        step, ids = self.state.last_step, self.state.drop_calls()
        if step is None or not ids:
            return

        def change(log: SessionLog) -> tuple[None, Frames]:
            return None, [add_result(self.turn, log.pk, step.message_id, id, why, error=why) for id in ids]

        self.log.enqueue(change)

    async def _start(self, call: ToolCall, decided_by: str, intents: write_intents.Planned | None) -> OpenCall:
        """Returns once the call is on record, and with it what it is about to change."""
        step = self.state.last_step
        assert step is not None
        if trace := self._open_traces.pop(call.id, None):
            self._open = running = OpenCall(call, asyncio.get_running_loop().create_future(), decided_by)
            running.trace.set_result(trace)
            if intents is not None:
                await self._record_intents(running, intents)
            return running

        def change(_log: SessionLog) -> tuple[ToolTrace, Frames]:
            trace = recorder.start(step, call.id, call.name, sanitize.clean_value(call.args), decided_by)
            if intents is not None:
                write_intents.record(trace.pk, intents)
            return trace, [_trace_frame(frames.ToolTraceStart, trace)]

        self._open = running = OpenCall(call, self.log.enqueue(change), decided_by)
        await self.log.commit()
        running.began = monotonic()
        return running

    async def _record_intents(self, running: OpenCall, intents: write_intents.Planned) -> None:
        trace = running.trace.result()

        def change(_log: SessionLog) -> tuple[None, Frames]:
            write_intents.record(trace.pk, intents)
            return None, []

        self.log.enqueue(change)
        await self.log.commit()

    async def _ask(self, running: OpenCall, question: Ask) -> Allow | Deny:
        """Asks a person, and waits for the decision, however long that takes."""
        call, trace = running.call, running.trace.result()
        running.wait_ms = inf
        diff = await in_thread(TOOLS[call.name].preview, call.args, self.access.workspace())
        approval = await self._request_approval(trace, question.reason, diff)
        while not approval.decision:
            if approval.expires_at <= timezone.now():
                self.log.enqueue(lambda _log: (None, approvals.withdraw(trace, approvals.nobody_decided())))
                await self.log.commit()
            else:
                await approvals.decisions.wait(trace.pk)
            approval = await in_database(Approval.objects.get, trace=trace)
        running.wait_ms = (timezone.now() - approval.asked_at).total_seconds() * 1000
        self.log.enqueue(lambda _log: (None, approvals.resume(trace)))
        await self.log.commit()
        decided_by = f"{question.by}, then {'a person' if approval.decided_by_id else 'nobody in time'}"
        if approval.decision == Approval.Decision.DENY:
            return Deny(f"The person denied this call. {approval.note}".strip(), decided_by)
        if approval.decision == Approval.Decision.ALWAYS:
            await self.access.reload_rules()
        return Allow(decided_by)

    async def _request_approval(self, trace: ToolTrace, reason: str, diff: str) -> Approval:
        diff = recorder.redactor().text(sanitize.clean(diff))
        if await in_database(Approval.objects.filter(trace=trace).first) is None:

            def change(_log: SessionLog) -> tuple[None, Frames]:
                agent_snapshot.save_state(self.turn, "waiting", self.state, approvals=[trace.pk])
                return None, approvals.request(trace, reason, diff)

            self.log.enqueue(change)
            await self.log.commit()
        return await in_database(Approval.objects.get, trace=trace)

    async def _finish(self, running: OpenCall, result: ToolResult, status: str, *, for_model: bool = True) -> None:
        call, trace, mask = running.call, running.trace.result(), recorder.redactor()
        now, duration_ms, wait_ms = timezone.now(), (monotonic() - running.began) * 1000, round(running.wait_ms, 3)
        output, error = mask.text(sanitize.clean(result.output)), mask.text(sanitize.clean(result.error or ""))
        digest = await in_database(recorder.keep_output, result.full_output, output) if result.full_output else ""
        self._open = None
        self.state.end_call(call, result)
        message_id = uuid7()

        def change(log: SessionLog) -> tuple[None, Frames]:
            ended = recorder.finish(
                trace,
                status,
                duration_ms,
                at=now,
                output=output,
                output_bytes=len(result.full_output or result.output.encode(errors="replace")),
                output_digest=digest,
                truncated=result.truncated,
                error=error,
                exit_code=result.exit_code,
                wait_ms=wait_ms,
                decided_by=running.decided_by,
            )
            emitted: Frames = [_trace_frame(frames.ToolTraceFinish, ended)]
            if for_model:
                about = (self.turn, log.pk, trace.message_id, call.id, output)
                emitted.append(add_result(*about, id=message_id, truncated=result.truncated, error=error or None))
            return None, emitted

        self.log.enqueue(change)

    def _context(self, running: OpenCall) -> ToolContext:
        async def emit(chunk: str) -> None:
            if shown := running.output.feed(sanitize.clean(chunk)):
                about: dict[str, Any] = {"chat_id": self.turn.chat_id, "tool_call_id": running.call.id}
                self.log.emit(frames.ToolOutputFrame(**about, chunk=shown))

        return self.access.context(emit, exporter.environment_of(self.turn.pk, running.trace.result().pk))


def _trace_frame(
    kind: type[frames.ToolTraceStart] | type[frames.ToolTraceFinish], trace: ToolTrace
) -> frames.ToolTraceStart | frames.ToolTraceFinish:
    return kind(chat_id=trace.chat_id, message_id=trace.message_id, trace=encode_trace(trace, full=False))


def _shown(result: ToolResult) -> ToolResult:
    """Gives the result with `output` as the model sees it: the error first, and without this server's secrets."""
    text = sanitize.clean(result.output)
    if result.error and result.error not in text:
        text = f"Error: {sanitize.clean(result.error)}" + (f"\n{text}" if text else "")
    return replace(result, output=recorder.redactor().text(text))
