"""What goes on in a session while it is watched: turns of several chats, as the product's own recorders write them, and
what people do to them. Each deed is chosen by a number, so that a run can be repeated and cut short."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from boocode.db.threads import in_database
from chats.agent.loop import Answer
from chats.history import restore
from chats.models import Approval, Chat, Session, Turn
from chats.projects import sessions
from chats.providers.base import ReasoningDelta, StepEnd, TextDelta, ToolCall, Usage
from chats.stream import retention
from chats.stream.writer import writer
from chats.turns import approvals, commands, execution, recovery
from chats.turns.calls import CallRecorder
from chats.turns.ending import end_turn
from chats.turns.recorder import StepRecorder
from chats.turns.state import TurnState
from chats.turns.tool_access import ToolAccess
from chats.turns.turn_log import TurnLog
from snapshots.models import Checkpoint
from tools.base import ToolContext, ToolResult
from tools.permissions.decision import Allow, Ask

WORDS = ("one ", "two\n", "é", "🙂", "你好 ", "<b>", "\u2028", "x" * 60, "0")
MODEL = "scripted:demo"
CONVERSATION = "conversation"


class Run:
    """A turn at work, driven step by step. A call is a task that does what is put into its queue."""

    def __init__(self, turn: Turn, context: execution.Context, calls: int = 0) -> None:
        self.turn = turn
        self.log = TurnLog(turn, context.chat.session_id)
        self.state = TurnState(turn.steps)
        self.state.restore({}, context.last_step, context.transcript.pending)
        self.steps = StepRecorder(turn, self.log, self.state, None)
        access = ToolAccess(context.chat, [])
        self.calls = CallRecorder(turn, self.log, self.state, access, context.open_traces)
        self.asked = {trace.tool_call_id for trace in context.open_traces}
        self.pending = list(context.transcript.pending)
        self.speaks = False
        self.made = calls
        self.task: asyncio.Task[ToolResult] | None = None
        self.is_asking = False
        self._working = asyncio.Event()
        self._todo: asyncio.Queue[str | ToolResult] = asyncio.Queue()

    def make_call(self, number: int) -> ToolCall:
        self.made += 1
        id = f"call_{self.turn.pk}_{self.made}"
        if number % 2:
            return ToolCall(id, "run_command", {"command": ["true", "é"]})
        return ToolCall(id, "write_file", {"path": "é.txt", "content": "new\n"})

    async def start_call(self, call: ToolCall, *, asks: bool) -> None:
        self.is_asking = asks or call.id in self.asked
        self._working.clear()
        decision = Ask("Why?", "the test") if self.is_asking else Allow("the test")
        self.task = asyncio.create_task(self.calls.run(call, decision, self._work))
        if self.is_asking:
            await self.until(lambda: self.open_question() is not None)
        else:
            await self._happens(self._working.wait())

    async def _work(self, context: ToolContext) -> ToolResult:
        self._working.set()
        while True:
            todo = await self._todo.get()
            if isinstance(todo, str):
                await context.emit_output(todo)
            self._todo.task_done()
            if not isinstance(todo, str):
                return todo

    def open_question(self) -> Approval | None:
        return Approval.objects.filter(turn=self.turn, taken_at=None).select_related("trace").first()

    async def until(self, happened: Callable[[], bool]) -> None:
        while not await in_database(happened):
            assert self.task is not None
            assert not self.task.done() or self.task.exception() is None
            await asyncio.sleep(0.001)

    async def _happens(self, event: Coroutine[Any, Any, Any]) -> None:
        """Wait for what the call's task will do, unless it fails: then its exception is the test's."""
        assert self.task is not None
        waiting = asyncio.create_task(event)
        await asyncio.wait((waiting, self.task), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            raise AssertionError(f"the call ended too early: {await self.task}")

    async def decide(self, user: User, decision: str) -> None:
        question = await in_database(self.open_question)
        assert question is not None
        assert self.task is not None
        await in_database(approvals.decide, question.trace, user, decision)
        self.is_asking = False
        if decision == "deny":
            await self.task
            self.task = None
        else:
            await self._happens(self._working.wait())

    async def output(self, text: str) -> None:
        self._todo.put_nowait(text)
        await self._happens(self._todo.join())

    async def finish_call(self, result: ToolResult) -> None:
        assert self.task is not None
        self._todo.put_nowait(result)
        await self.task
        self.task = None

    async def drop(self) -> None:
        """The call is cut off where it is."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        self.task = None

    async def interrupt(self, status: str, why: str, reason: str | None = None) -> None:
        await self.drop()
        await self.log.commit()
        await self.calls.interrupt(status, why)
        await self.steps.interrupt(status, why, reason)

    async def end(self, status: Turn.Status, error: str = "", note: str = "") -> None:
        texts: Any = {"error": error, "note": note, "state": self.state}
        self.log.enqueue(lambda log: (None, end_turn(self.turn, log, status, **texts)))
        await self.log.commit()


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
        elif run.task is not None:
            await self._run_on(run, number)
        elif run.pending:
            await run.start_call(run.pending.pop(0), asks=number % 3 == 0)
        elif not run.speaks:
            run.speaks = True
            await run.steps.start_step()
        else:
            await self._speak(chat, run, number)

    async def _begin(self, chat_id: UUID) -> None:
        def ask() -> None:
            chat = Chat.objects.select_related("session__project").get(pk=chat_id)
            commands._queue(chat, self.user, f"Question {len(self.runs)}", "", MODEL, True)

        await in_database(ask)
        turn = await execution.claim(chat_id, self.session.pk)
        if turn is not None:
            self.runs[chat_id] = Run(turn, await in_database(execution.read_context, turn))

    async def _speak(self, chat: UUID, run: Run, number: int) -> None:
        kind, number = number % 12, number // 12
        if kind < 7:
            run.steps.append_delta(TextDelta(WORDS[number % len(WORDS)]))
        elif kind == 7:
            run.steps.append_delta(ReasoningDelta(WORDS[number % len(WORDS)]))
        elif kind < 10:
            run.pending = [run.make_call(number + at) for at in range(1 + number % 2)]
            await self._answer(run, run.pending)
        elif kind == 10:
            await self._fail(chat, run, number)
        else:
            await self._answer(run, [])
            await run.end(Turn.Status.COMPLETE)
            del self.runs[chat]

    async def _answer(self, run: Run, calls: Sequence[ToolCall]) -> None:
        run.speaks = False
        await run.steps.finish_step(Answer("", tuple(calls), StepEnd(Usage(prompt_tokens=10, completion_tokens=5))))

    async def _run_on(self, run: Run, number: int) -> None:
        if run.is_asking:
            await run.decide(self.user, ("allow", "deny", "always")[number % 3])
        elif number % 6 < 3:
            await run.output(f"line {number}\n")
        else:
            fails = number % 2 == 1
            result = ToolResult("no" if fails else "done 🙂", "no" if fails else None, "error" if fails else "ok")
            await run.finish_call(result)

    async def _fail(self, chat: UUID, run: Run, number: int) -> None:
        if number % 2:
            await run.interrupt("failed", "The provider is not there.", "connection")
            await run.end(Turn.Status.FAILED, "The provider is not there.")
        else:
            await run.interrupt("cancelled", "Stopped by the person.")
            await run.end(Turn.Status.CANCELLED, note="Told." if number % 3 else "")
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

        def go_back() -> None:
            chat = Chat.objects.select_related("session__project").get(pk=chat_id)
            places = list(Checkpoint.objects.filter(chat=chat, ended_at__isnull=False).order_by("id"))
            for place in (number, number // 3)[: 1 + number % 2] if places else ():
                restore.restore(chat, self.user, restore.RestoreRequest(places[place % len(places)], CONVERSATION))

        await in_database(go_back)

    async def _prune(self, _number: int) -> None:
        await in_database(retention.prune_session, self.session.pk)

    async def flood(self) -> None:
        """More at once than may be sent without an ack."""
        for run in self.runs.values():
            if run.speaks:
                run.steps.append_delta(TextDelta("y" * 9_000))
        await self.settle()

    async def crash(self) -> None:
        """The server dies; the next one takes its turns over."""
        for run in self.runs.values():
            await run.drop()
        await writer.stop()
        await writer.start()
        for chat_id, run in list(self.runs.items()):
            turn = await recovery.take_over(run.turn.pk, self.session.pk, True)
            if turn is None:
                del self.runs[chat_id]
            else:
                context = await in_database(execution.read_context, turn)
                self.runs[chat_id] = Run(turn, context, run.made + 10)

    async def settle(self) -> None:
        """All that was said is committed."""
        await asyncio.gather(*(run.log.commit() for run in self.runs.values()))
        await writer.commit(self.session.pk, lambda _log: (None, []))
