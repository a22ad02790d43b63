"""What goes on in a session while it is watched: turns of several chats, as the product's own journal keeps them, and
what people do to them. Each deed is chosen by a number, so that a run can be repeated and cut short."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from boocode.database import in_database
from chats import approvals, pruning, restoring, sessions, takeover, turn_run, turns
from chats.agent import Answer
from chats.events import writer
from chats.journal import TurnJournal
from chats.models import Chat, Session, Turn
from chats.providers.base import ReasoningDelta, StepEnd, TextDelta, ToolCall, Usage
from snapshots.models import Checkpoint
from tools.base import ToolResult
from traces.models import ToolTrace

WORDS = ("one ", "two\n", "é", "🙂", "你好 ", "<b>", "\u2028", "x" * 60, "0")
MODEL = "scripted:demo"
CONVERSATION = "conversation"


@dataclass
class Run:
    """A turn at work. A call is `running` from its start to its end."""

    journal: TurnJournal
    pending: list[ToolCall] = field(default_factory=list)
    running: ToolCall | None = None
    asked: ToolTrace | None = None
    was_asked: set[str] = field(default_factory=set)
    calls: int = 0


class Deeds:
    """The session's own life."""

    def __init__(self, session: Session, user: User) -> None:
        self.session = session
        self.user = user
        self.runs: dict[UUID, Run] = {}
        self.chats: list[UUID] = []

    async def work(self, number: int) -> None:
        """The next thing that one of the chats does: most often its model says something."""
        chat = self.chats[number % len(self.chats)]
        number //= len(self.chats)
        run = self.runs.get(chat)
        if run is None:
            await self._begin(chat)
        elif run.running:
            await self._run_on(run, run.running, number)
        elif run.pending:
            run.running = run.pending.pop(0)
            await run.journal.call_started(run.running)
        elif run.journal.step is None:
            await run.journal.step_started()
        else:
            await self._speak(chat, run, number)

    async def _begin(self, chat_id: UUID) -> None:
        def ask() -> None:
            chat = Chat.objects.select_related("session__project").get(pk=chat_id)
            turns._queue(chat, self.user, f"Question {len(self.runs)}", "", MODEL, True)

        await in_database(ask)
        turn = await turn_run.claim(chat_id, self.session.pk)
        if turn is not None:
            self.runs[chat_id] = Run(TurnJournal(turn, self.session.pk, self.session.project_id, None))

    async def _speak(self, chat: UUID, run: Run, number: int) -> None:
        kind, number = number % 12, number // 12
        if kind < 7:
            run.journal.said(TextDelta(WORDS[number % len(WORDS)]))
        elif kind == 7:
            run.journal.said(ReasoningDelta(WORDS[number % len(WORDS)]))
        elif kind < 10:
            run.pending = [self._call(run) for _ in range(1 + number % 2)]
            await run.journal.step_finished(_answer(run.pending))
        elif kind == 10:
            await self._fail(chat, run, number)
        else:
            await run.journal.step_finished(_answer([]))
            await run.journal.finish(Turn.Status.COMPLETE)
            del self.runs[chat]

    def _call(self, run: Run) -> ToolCall:
        run.calls += 1
        return ToolCall(f"call_{run.journal.turn.pk}_{run.calls}", "run_command", {"command": ["true", "é"]})

    async def _run_on(self, run: Run, call: ToolCall, number: int) -> None:
        kind = number % 6
        if kind < 2:
            run.journal.output(call, f"line {number}\n")
        elif kind == 2 and call.id not in run.was_asked:
            assert run.journal.running is not None
            run.was_asked.add(call.id)
            run.asked = trace = run.journal.running[1].result()
            run.journal.keep(lambda _log: (None, approvals.ask(trace, "Why?", "-old\n+new\n")))
        elif kind == 3 and run.asked is not None:
            await self._decide(run, run.asked, ("allow", "deny", "always")[number % 3])
        else:
            if run.asked is not None:
                await self._decide(run, run.asked, "allow")
            fails = number % 2 == 1
            result = ToolResult("no" if fails else "done 🙂", "no" if fails else None, "error" if fails else "ok")
            await run.journal.call_finished(call, result)
            run.running = None

    async def _decide(self, run: Run, trace: ToolTrace, decision: str) -> None:
        await run.journal.confirm()
        await in_database(approvals.decide, trace, self.user, decision)
        run.journal.keep(lambda _log: (None, approvals.take(trace)))
        run.asked = None

    async def _fail(self, chat: UUID, run: Run, number: int) -> None:
        if number % 2:
            await run.journal.cut("failed", "The provider is not there.", "connection")
            await run.journal.finish(Turn.Status.FAILED, "The provider is not there.")
        else:
            await run.journal.cut("cancelled", "Stopped by the person.")
            await run.journal.finish(Turn.Status.CANCELLED, note="Told." if number % 3 else "")
        del self.runs[chat]

    async def meddle(self, number: int) -> None:
        """What a person, or the server itself, does beside the turns."""
        deeds: tuple[Callable[[int], Any], ...] = (self._rename, self._add_chat, self._take_back, self._prune)
        await deeds[number % len(deeds)](number // len(deeds))

    async def _rename(self, number: int) -> None:
        chat = await in_database(Chat.objects.get, pk=self.chats[number % len(self.chats)])
        await in_database(sessions.update_chat, chat, name=f"Chat {number}")

    async def _add_chat(self, number: int) -> None:
        if len(self.chats) < 3:
            self.chats.append((await in_database(sessions.create_chat, self.session, f"More {number}")).pk)

    async def _take_back(self, number: int) -> None:
        """To an earlier place of the conversation, and maybe forth again: another epoch each time."""
        chat_id = self.chats[number % len(self.chats)]
        if chat_id in self.runs:
            await self._fail(chat_id, self.runs[chat_id], 0)

        def restore() -> None:
            chat = Chat.objects.select_related("session__project").get(pk=chat_id)
            places = list(Checkpoint.objects.filter(chat=chat, ended_at__isnull=False).order_by("id"))
            for place in (number, number // 3)[: 1 + number % 2] if places else ():
                restoring.restore(chat, self.user, restoring.Wish(places[place % len(places)], CONVERSATION))

        await in_database(restore)

    async def _prune(self, _number: int) -> None:
        await in_database(pruning.prune, self.session.pk)

    async def flood(self) -> None:
        """More at once than may be sent without an ack."""
        for run in self.runs.values():
            if run.journal.step is not None:
                run.journal.said(TextDelta("y" * 9_000))
        await self.settle()

    async def crash(self) -> None:
        """The server dies; the next one takes its turns over."""
        await writer.stop()
        await writer.start()
        for chat_id, run in list(self.runs.items()):
            turn = await takeover.take_over(run.journal.turn.pk, self.session.pk, True)
            if turn is None:
                del self.runs[chat_id]
                continue
            context = await in_database(turn_run.read_context, turn)
            journal = TurnJournal(turn, self.session.pk, self.session.project_id, None)
            pending = list(context.transcript.pending)
            if context.transcript.last_step is not None:
                journal.go_on(context.transcript.last_step, pending, context.open_traces)
            asked = {trace.tool_call_id: trace for trace in context.open_traces}
            self.runs[chat_id] = Run(
                journal, pending, asked=next(iter(asked.values()), None), was_asked=set(asked), calls=run.calls + 10
            )

    async def settle(self) -> None:
        """All that was said is committed."""
        await asyncio.gather(*(run.journal.confirm() for run in self.runs.values()))
        await writer.commit(self.session.pk, lambda _log: (None, []))


def _answer(calls: list[ToolCall]) -> Answer:
    return Answer("", tuple(calls), StepEnd(Usage(prompt_tokens=10, completion_tokens=5)))
