"""Records a turn's model steps: their messages, their rows and the frames that show them."""

from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from uuid6 import uuid7

from boocode.db import plain_sql
from chats.agent.loop import Answer
from chats.models import Message, SessionLog, Turn
from chats.providers.base import ModelError, ReasoningDelta, TextDelta, Usage
from chats.providers.prices import cost_usd
from chats.stream import frames, sanitize
from chats.stream.frame_limits import cut_call
from traces.record import recorder

from . import agent_snapshot
from .messages import Frames
from .state import TurnState
from .turn_log import TurnLog


@dataclass
class OpenStep:
    """Holds the step in which the model speaks at the moment."""

    message_id: UUID
    began: float
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    first_token_at: datetime | None = None


class StepRecorder:
    """Records the model's steps of one turn. `ctx_max` is the model's context window in tokens, None where unknown."""

    def __init__(self, turn: Turn, log: TurnLog, state: TurnState, ctx_max: int | None) -> None:
        self.turn = turn
        self.log = log
        self.state = state
        self.ctx_max = ctx_max
        self._step: OpenStep | None = None

    async def start_step(self) -> None:
        """Adds the message that will hold the model's answer."""
        turn, number, now = self.turn, self.state.count_step(), timezone.now()
        self._step = step = OpenStep(uuid7(), monotonic())

        def change(log: SessionLog) -> tuple[None, Frames]:
            message = Message(
                id=step.message_id,
                session_id=log.pk,
                chat_id=turn.chat_id,
                turn_id=turn.pk,
                role=Message.Role.ASSISTANT,
                status=Message.Status.STREAMING,
                start_ord=log.ord + 1,
                last_seq=log.heads.get("text", 0),
                model=turn.model,
                started_at=now,
                created_at=now,
            )
            plain_sql.insert(message)
            about: dict[str, Any] = {"chat_id": turn.chat_id, "message_id": step.message_id}
            recorder.step_started(step.message_id, **about, turn_id=turn.pk, number=number, model=turn.model, at=now)
            return None, [
                frames.MessageStarted(**about, turn_id=turn.pk, role="assistant", created_at=now),
                frames.StatusDelta(**about, status="running", started_at=now, model=turn.model),
            ]

        self.log.enqueue(change)

    def append_delta(self, delta: TextDelta | ReasoningDelta) -> None:
        """Shows a piece of the answer as it comes."""
        assert self._step is not None
        self._step.first_token_at = self._step.first_token_at or timezone.now()
        content, is_text = sanitize.clean(delta.content), isinstance(delta, TextDelta)
        (self._step.text if is_text else self._step.reasoning).append(content)
        self.log.emit(
            frames.TextFrame(
                chat_id=self.turn.chat_id,
                message_id=self._step.message_id,
                content=content,
                part="text" if is_text else "reasoning",
            )
        )

    async def finish_step(self, answer: Answer, fault: ModelError | None = None) -> None:
        """Completes the message: its text, its calls, what it used and what it cost. With a `fault` it shows that."""
        step, turn, state = self._end_step(), self.turn, self.state
        mask, end = recorder.redactor(), answer.end
        calls = [
            sanitize.clean_value({"id": call.id, "name": mask.text(call.name), "args": mask.value(call.args)})
            for call in answer.tool_calls
        ]
        finished = self._finished_step(step, end.usage)
        state.end_step(finished, answer.tool_calls)
        facts = context_of(end.usage, self.ctx_max) | {
            "finished_at": finished.finished_at,
            "metadata": {
                "prompt_tokens": finished.prompt_tokens,
                "completion_tokens": finished.completion_tokens,
                "cost_usd": None if finished.cost_usd is None else float(finished.cost_usd),
                "finish_reason": end.finish_reason,
            }
            | ({"error": fault.message, "reason": fault.reason} if fault else {}),
        }
        status = Message.Status.FAILED if fault else Message.Status.COMPLETE
        about = {"chat_id": turn.chat_id, "message_id": step.message_id}
        emitted: Frames = [frames.ToolCallDelta(**about, tool_call=frames.Call(**cut_call(call))) for call in calls]
        if fault:
            emitted.append(frames.ErrorDelta(**about, error=fault.message, reason=fault.reason))
        emitted += self._end_frames(step, status, facts)
        if finished.completion_tokens is not None:
            used = {"completion_tokens": finished.completion_tokens, "ctx_used": facts["ctx_used"]}
            emitted.append(frames.UsageFrame(chat_id=turn.chat_id, **used, ctx_max=self.ctx_max))
        row = facts | {"tool_calls": calls or None, "provider_state": end.state or ""}

        def change(log: SessionLog) -> tuple[None, Frames]:
            _save_step(log, step, status, row)
            recorder.step_finished(finished, step.first_token_at, len(calls), end.finish_reason)
            plain_sql.update(Turn, turn.pk, {"steps": state.steps})
            agent_snapshot.save_state(turn, "running", state)
            return None, emitted

        self.log.enqueue(change)

    async def interrupt(self, status: str, why: str, reason: str | None = None) -> None:
        """Ends the step that the model speaks in, if there is one: it keeps its text. `reason` is a model's failure,
        which the message shows."""
        if self._step is None:
            return
        step, turn = self._end_step(), self.turn
        facts = {"finished_at": timezone.now(), "metadata": {"error": why, "reason": reason} if reason else {}}
        about = {"chat_id": turn.chat_id, "message_id": step.message_id}
        emitted: Frames = [frames.ErrorDelta(**about, error=why, reason=reason)] if reason else []
        emitted += self._end_frames(step, status, facts)

        def change(log: SessionLog) -> tuple[None, Frames]:
            _save_step(log, step, status, facts)
            recorder.step_cut(step.message_id, status, why, step.first_token_at)
            return None, emitted

        self.log.enqueue(change)

    def _end_step(self) -> OpenStep:
        step, self._step = self._step, None
        assert step is not None
        return step

    def _finished_step(self, step: OpenStep, usage: Usage) -> recorder.Step:
        return recorder.Step(
            id=step.message_id,
            chat_id=self.turn.chat_id,
            message_id=step.message_id,
            turn_id=self.turn.pk,
            number=self.state.steps,
            model=self.turn.model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cache_tokens=usage.cache_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cost_usd=cost_usd(self.turn.model, usage, settings.MODELS),
            duration_ms=round((monotonic() - step.began) * 1000, 3),
            finished_at=timezone.now(),
        )

    def _end_frames(self, step: OpenStep, status: str, facts: dict[str, Any]) -> Frames:
        about = {"chat_id": self.turn.chat_id, "message_id": step.message_id, "status": status} | facts
        return [frames.StatusDelta(**about), frames.MessageComplete(**about)]


def context_of(usage: Usage, ctx_max: int | None) -> dict[str, Any]:
    """Gives a request's tokens as its message shows them; the whole is what the next request's context holds."""
    counted = [n for n in (usage.prompt_tokens, usage.completion_tokens) if n is not None]
    total = sum(counted) if counted else None
    return {
        "tokens_used": total,
        "ctx_used": total,
        "ctx_max": ctx_max,
        "cache_tokens": usage.cache_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def _save_step(log: SessionLog, step: OpenStep, status: str, facts: dict[str, Any]) -> None:
    metadata = dict(facts["metadata"])
    if step.reasoning:
        metadata["reasoning"] = "".join(step.reasoning)
    text = {"content": "".join(step.text), "status": status, "last_seq": log.heads.get("text", 0)}
    plain_sql.update(Message, step.message_id, facts | {"metadata": metadata} | text)
