"""Keeps what a turn's agent does: rows and frames, committed together by the writer."""

import asyncio
from collections.abc import Sequence
from math import inf
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from uuid6 import uuid7

from boocode import rows
from boocode.database import in_database
from snapshots import writes
from snapshots.models import AgentSnapshot
from tools.base import ToolResult
from tools.checking import CHECK
from traces import otel, recorder
from traces.models import ToolTrace

from . import approvals, standing, wire
from .agent import Answer
from .events import Change, Fence, writer
from .messages import Frames, system_message, tool_message
from .models import Approval, Chat, Message, SessionLog, Turn
from .providers.base import ReasoningDelta, TextDelta, ToolCall
from .providers.prices import cost_usd
from .steps import Step, tokens_of


class TurnJournal:
    """The journal of one turn under one fence. What need not be on record before the agent goes on is committed while
    it does (`_soon`); what fails there is raised at the next point that waits."""

    def __init__(self, turn: Turn, session_id: UUID, project_id: UUID, ctx_max: int | None) -> None:
        self.turn = turn
        self.chat_id = turn.chat_id
        self.session_id = session_id
        self.project_id = project_id
        self.ctx_max = ctx_max
        self.fence = Fence(turn.pk, turn.fence)
        self.steps = turn.steps
        self.step: Step | None = None
        self.record: recorder.Step | None = None
        self.waiting: dict[str, ToolCall] = {}
        self.running: tuple[ToolCall, asyncio.Future[ToolTrace]] | None = None
        self.open_traces: dict[str, ToolTrace] = {}
        self.wait_ms = 0.0
        self.live = recorder.redactor().stream()
        self.began = 0.0
        self.changed_paths: set[str] = set()
        self.ran_commands = False
        self.touched = turn.fence > 1
        self.build = ""
        self.kept: dict[str, Any] = {}
        self._unconfirmed: list[asyncio.Future[Any]] = []

    def go_on(self, message: Message, pending: Sequence[ToolCall], open_traces: Sequence[ToolTrace]) -> None:
        """Take up the turn after its last step, whose `pending` calls are still to run; those with an open trace were
        waiting for a person when the turn's process ended."""
        self.open_traces = {trace.tool_call_id: trace for trace in open_traces}
        self.waiting = {call.id: call for call in pending}
        self.record = recorder.Step(
            chat_id=self.chat_id,
            message_id=message.pk,
            turn_id=self.turn.pk,
            number=self.steps,
            model=message.model,
            prompt_tokens=message.metadata.get("prompt_tokens"),
            completion_tokens=message.metadata.get("completion_tokens"),
            cache_tokens=message.cache_tokens,
            reasoning_tokens=message.reasoning_tokens,
        )

    # --- The agent's side --------------------------------------------------------------------------------------

    async def step_started(self) -> None:
        self.steps += 1
        self.step = step = Step(uuid7(), monotonic(), [], [])
        now = timezone.now()

        def change(log: SessionLog) -> tuple[None, Frames]:
            message = Message(
                id=step.message_id,
                session_id=self.session_id,
                chat_id=self.chat_id,
                turn_id=self.turn.pk,
                role=Message.Role.ASSISTANT,
                status=Message.Status.STREAMING,
                start_ord=log.ord + 1,
                last_seq=log.heads.get("text", 0),
                model=self.turn.model,
                started_at=now,
                created_at=now,
            )
            rows.insert(message)
            recorder.step_started(self.chat_id, self.turn.pk, step.message_id, self.steps, self.turn.model, now)
            return None, [
                wire.MessageStarted(
                    message_id=step.message_id,
                    chat_id=self.chat_id,
                    turn_id=self.turn.pk,
                    role="assistant",
                    created_at=now,
                ),
                wire.StatusDelta(
                    chat_id=self.chat_id,
                    message_id=step.message_id,
                    status="running",
                    started_at=now,
                    model=self.turn.model,
                ),
            ]

        self._soon(change)

    def said(self, delta: TextDelta | ReasoningDelta) -> None:
        assert self.step is not None
        self.step.first_token_at = self.step.first_token_at or timezone.now()
        content = wire.clean(delta.content)
        if isinstance(delta, TextDelta):
            self.step.text.append(content)
        else:
            self.step.reasoning.append(content)
        frame = wire.TextDelta(
            chat_id=self.chat_id,
            message_id=self.step.message_id,
            content=content,
            part="text" if isinstance(delta, TextDelta) else "reasoning",
        )
        writer.emit(self.session_id, frame, self.fence)

    async def step_finished(self, answer: Answer) -> None:
        step, usage = self._end_step(), answer.end.usage
        now, duration_ms = timezone.now(), round((monotonic() - step.began) * 1000, 3)
        mask = recorder.redactor()
        calls = [
            wire.clean_value({"id": call.id, "name": mask.text(call.name), "args": mask.value(call.args)})
            for call in answer.tool_calls
        ]
        self.waiting = {call.id: call for call in answer.tool_calls}
        cost = cost_usd(self.turn.model, usage, settings.MODELS)
        self.record = record = recorder.Step(
            chat_id=self.chat_id,
            message_id=step.message_id,
            turn_id=self.turn.pk,
            number=self.steps,
            model=self.turn.model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cache_tokens=usage.cache_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cost_usd=cost,
            duration_ms=duration_ms,
            finished_at=now,
        )
        facts = tokens_of(usage, self.ctx_max) | {
            "finished_at": now,
            "metadata": {
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": usage.completion_tokens,
                "cost_usd": None if cost is None else float(cost),
                "finish_reason": answer.end.finish_reason,
            },
        }
        frames: Frames = [
            wire.ToolCallDelta(chat_id=self.chat_id, message_id=step.message_id, tool_call=wire.Call(**call))
            for call in calls
        ]
        frames += self._ended(step, "complete", facts)
        if usage.completion_tokens is not None:
            frames.append(
                wire.Usage(
                    chat_id=self.chat_id,
                    completion_tokens=usage.completion_tokens,
                    ctx_used=facts["ctx_used"],
                    ctx_max=self.ctx_max,
                )
            )
        row = facts | {"tool_calls": calls or None, "provider_state": answer.end.state or ""}

        def change(log: SessionLog) -> tuple[None, Frames]:
            self._save_step(log, step, Message.Status.COMPLETE, row)
            recorder.step_finished(record, step.first_token_at, len(calls), answer.end.finish_reason)
            rows.update(Turn, self.turn.pk, {"steps": self.steps})
            self._stand("running", spent=True)
            return None, frames

        self._soon(change)

    async def call_started(self, call: ToolCall) -> None:
        record = self.record
        assert record is not None
        self.wait_ms, self.live = 0.0, recorder.redactor().stream()
        if trace := self.open_traces.pop(call.id, None):
            self.running = (call, asyncio.get_running_loop().create_future())
            self.running[1].set_result(trace)
            self.began = monotonic()
            return

        def change(_log: SessionLog) -> tuple[ToolTrace, Frames]:
            trace = recorder.start(record, call.id, call.name, wire.clean_value(call.args))
            return trace, [self._trace_frame(wire.ToolTraceStart, trace)]

        self.running = (call, self._soon(change))
        await self.confirm()
        self.began = monotonic()

    async def ask(self, reason: str, diff: str = "") -> Approval:
        """Ask a person about the running call, which would make `diff`, and wait for the decision, however long that
        takes."""
        assert self.running is not None
        diff = recorder.redactor().text(wire.clean(diff))
        self.wait_ms = inf  # nothing but waiting, should the call end here
        trace = self.running[1].result()
        approval = await in_database(Approval.objects.filter(trace=trace).first)
        if approval is None:

            def change(_log: SessionLog) -> tuple[None, Frames]:
                self._stand("waiting", approvals=[trace.pk])
                return None, approvals.ask(trace, reason, diff)

            self._soon(change)
            await self.confirm()
        approval = await in_database(Approval.objects.get, trace=trace)
        while not approval.decision:
            if approval.expires_at <= timezone.now():
                self._soon(lambda _log: (None, approvals.withdraw(trace, approvals.nobody_decided())))
                await self.confirm()
            else:
                await approvals.bell.wait(trace.pk)
            approval = await in_database(Approval.objects.get, trace=trace)
        self.wait_ms = (timezone.now() - approval.asked_at).total_seconds() * 1000
        self._soon(lambda _log: (None, approvals.take(trace)))
        await self.confirm()
        return approval

    async def starts(self, planned: writes.Planned) -> None:
        """The running call is about to change something; it may once this has returned."""
        assert self.running is not None
        trace = self.running[1].result()

        def change(_log: SessionLog) -> tuple[None, Frames]:
            writes.record(trace.pk, planned)
            return None, []

        self._soon(change)
        await self.confirm()

    def output(self, call: ToolCall, chunk: str) -> None:
        """A piece of a running command's output, as it comes."""
        if shown := self.live.feed(wire.clean(chunk)):
            frame = wire.ToolOutput(chat_id=self.chat_id, tool_call_id=call.id, chunk=shown)
            writer.emit(self.session_id, frame, self.fence)

    def environment(self) -> dict[str, str]:
        """What the running call's command is told of its place among the turn's spans."""
        assert self.running is not None
        return otel.environment_of(self.turn.pk, self.running[1].result().pk)

    async def call_finished(self, call: ToolCall, result: ToolResult, status: str | None = None) -> None:
        assert self.running is not None
        now, duration_ms = timezone.now(), (monotonic() - self.began) * 1000
        wait_ms, mask = round(self.wait_ms, 3), recorder.redactor()
        output, error = mask.text(wire.clean(result.output)), result.error and mask.text(wire.clean(result.error))
        digest = await in_database(recorder.keep_output, result.full_output, output) if result.full_output else ""
        trace, self.running = self.running[1].result(), None
        self.waiting.pop(call.id, None)
        self.changed_paths.update(result.changed_paths)
        self.kept |= result.kept
        self.ran_commands |= result.exit_code is not None
        size = len(result.full_output or result.output.encode(errors="replace"))
        message_id = uuid7()

        def change(_log: SessionLog) -> tuple[None, Frames]:
            ended = recorder.finish(
                trace,
                status or result.status,
                duration_ms,
                at=now,
                output=output,
                output_bytes=size,
                output_digest=digest,
                truncated=result.truncated,
                error=error or "",
                exit_code=result.exit_code,
                wait_ms=wait_ms,
            )
            frames: Frames = [self._trace_frame(wire.ToolTraceFinish, ended)]
            if call.name != CHECK.name:  # the model did not ask for it
                told = (self.turn, self.session_id, trace.message_id, call.id, output)
                frames.append(tool_message(*told, id=message_id, truncated=result.truncated, error=error))
            return None, frames

        self._soon(change)

    # --- The turn's side ---------------------------------------------------------------------------------------

    async def cut(self, status: str, why: str, reason: str | None = None) -> None:
        """End what is in progress: the step keeps its text, each call that has no result gets `why` as one."""
        await self.confirm()
        why = recorder.redactor().text(why)
        if self.running is not None:
            trace = self.running[1].result()
            self._soon(lambda _log: (None, approvals.withdraw(trace, why)))
            await self.call_finished(self.running[0], ToolResult(output=why, error=why, status="error"), status)
        calls, self.waiting = list(self.waiting), {}
        record = self.record
        step = self._end_step() if self.step is not None else None
        facts = {"finished_at": timezone.now(), "metadata": {"error": why, "reason": reason} if reason else {}}

        def change(log: SessionLog) -> tuple[None, Frames]:
            frames: Frames = [
                tool_message(self.turn, self.session_id, record.message_id, call_id, why, error=why)
                for call_id in calls
                if record is not None
            ]
            if step is not None:
                self._save_step(log, step, status, facts)
                recorder.step_cut(step.message_id, status, why, step.first_token_at)
                if reason:
                    frames.append(
                        wire.ErrorDelta(chat_id=self.chat_id, message_id=step.message_id, error=why, reason=reason)
                    )
                frames += self._ended(step, status, facts)
            return None, frames

        self._soon(change)
        await self.confirm()

    async def finish(self, status: str, error: str = "", note: str = "") -> None:
        """End the turn: its row, the chat's status and the agent snapshot in one transaction. `note` becomes a message
        that tells the person why."""
        error, note = recorder.redactor().text(error), recorder.redactor().text(note)

        def change(_log: SessionLog) -> tuple[None, Frames]:
            frames = system_message(self.turn, self.session_id, note) if note else []
            Turn.objects.filter(pk=self.turn.pk).update(status=status, error=error, finished_at=timezone.now())
            recorder.turns_ended([self.turn.pk], status, error)
            queued = Turn.objects.filter(chat_id=self.chat_id, status=Turn.Status.QUEUED).exists()
            chat_status = "running" if queued else "error" if status == Turn.Status.FAILED else "idle"
            Chat.objects.filter(pk=self.chat_id).update(status=chat_status)
            snapshot = self._stand(status)
            standing.end(self.project_id, self.turn, snapshot, touched=self.touched, build=self.build)
            if self.changed_paths or self.ran_commands:
                paths = sorted(self.changed_paths)
                frames.append(wire.WorkspaceChanged(project_id=self.project_id, paths=paths))
            frames.append(wire.AgentSnapshot(chat_id=self.chat_id, snapshot=snapshot.data))
            frames.append(wire.AgentStatusUpdated(chat_id=self.chat_id, status=chat_status))
            return None, frames

        self._soon(change)
        await self.confirm()

    async def confirm(self) -> None:
        """Wait until all of it is committed. Raises what a commit raised."""
        try:
            # Shielded: a cancelled turn still has to know what was committed.
            await asyncio.shield(asyncio.gather(*self._unconfirmed))
        finally:
            self._unconfirmed = [future for future in self._unconfirmed if not future.done()]

    def keep(self, change: Change[Any]) -> None:
        """Commit something more of this turn, after what it did before."""
        self._soon(change)

    def _soon(self, change: Change[Any]) -> asyncio.Future[Any]:
        future = writer.commit(self.session_id, change, self.fence)
        self._unconfirmed.append(future)
        return future

    def _end_step(self) -> Step:
        step, self.step = self.step, None
        assert step is not None
        return step

    def _save_step(self, log: SessionLog, step: Step, status: str, facts: dict[str, Any]) -> None:
        metadata = dict(facts["metadata"])
        if step.reasoning:
            metadata["reasoning"] = "".join(step.reasoning)
        said = {"content": "".join(step.text), "status": status, "last_seq": log.heads.get("text", 0)}
        rows.update(Message, step.message_id, facts | {"metadata": metadata} | said)

    def _ended(self, step: Step, status: str, facts: dict[str, Any]) -> Frames:
        return [
            wire.StatusDelta(chat_id=self.chat_id, message_id=step.message_id, status=status, **facts),
            wire.MessageComplete(chat_id=self.chat_id, message_id=step.message_id, status=status, **facts),
        ]

    def _trace_frame(
        self, kind: type[wire.ToolTraceStart] | type[wire.ToolTraceFinish], trace: ToolTrace
    ) -> wire.Logged:
        return kind(chat_id=self.chat_id, message_id=trace.message_id, trace=recorder.as_wire(trace, full=False))

    def _stand(self, status: str, *, spent: bool = False, approvals: Sequence[UUID] = ()) -> AgentSnapshot:
        what: dict[str, Any] = {"pending": list(self.waiting), "kept": self.kept, "approvals": approvals}
        return standing.save(self.turn, status, self.steps, self.record, spent=spent, **what)
