"""The loop that mends its own build: the project's check before a turn's first write and again when the model would
stop; what is new goes back to the model."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from django.conf import settings
from uuid6 import uuid7

from tools import registry as tools
from tools.autofix import MAX_ATTEMPTS, Judgement, Problem, Report, counted, gets_nowhere, judge, told
from tools.base import ToolContext, ToolResult
from tools.checking import CHECK, find_check, lines_around, run_check
from tools.policy import ALLOW, Decision
from tools.project_check import OFF, Check
from tools.workspace import Workspace
from traces import recorder

from . import wire
from .journal import TurnJournal
from .messages import Frames, system_message
from .models import Message, SessionLog, Turn
from .providers.base import ToolCall

KIND = "build"
LEFT = 20
NOT_RUN_YET = "The turn ended before the check had run."
NOTHING_TO_CHECK = "No file was changed."
NONE_FOUND = "No check was found. Set one for the project, such as `npm run build`."
COLOURS = {"passed": "green", "failed": "red"}
FRAME_STATUS = {"passed": "passed", "failed": "failed", "timeout": "timeout"}


@dataclass
class State:
    """How the turn stands, kept in its row. `status` is empty as long as nothing was written, then one of passed,
    failed, timeout, not_checked. `before` counts the errors of the run before the first write, None where there is
    nothing to compare with; `old` is how many of them are still there; `last` are the fingerprints that the model was
    told of."""

    status: str = ""
    command: str = ""
    reason: str = ""
    attempts: int = 0
    runs: int = 0
    left: list[dict[str, Any]] = field(default_factory=list)
    old: int = 0
    before: dict[str, int] | None = None
    blind: bool = False
    gave_up: bool = False
    last: list[str] = field(default_factory=list)

    def public(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("status", "command", "reason", "attempts", "left", "old")}


class Hands(Protocol):
    """What the check takes from the turn's toolbox."""

    def workspace(self) -> Workspace: ...
    def context(self, call: ToolCall, workspace: Workspace) -> ToolContext: ...
    async def refused(self, tool: str, subjects: Sequence[Sequence[str]], general: Decision) -> str: ...


class BuildCheck:
    """The check of one turn. `setting` is the project's `check_command`; `asks`: the project asks for commands;
    `before_change` is awaited before anything may change a file."""

    def __init__(
        self,
        turn: Turn,
        setting: str,
        asks: bool,
        journal: TurnJournal,
        hands: Hands,
        before_change: Callable[[], Awaitable[None]],
    ) -> None:
        self.turn = turn
        self.setting = setting if turn.auto_fix else OFF
        self.asks = asks
        self.journal = journal
        self.hands = hands
        self.before_change = before_change
        self.state = State(**turn.build)
        self.check: Check | None = None
        self.resumed = bool(self.state.status)
        self.dirty = self.resumed
        if self.resumed:
            journal.kept[KIND] = self.state.public()
            journal.build = COLOURS.get(self.state.status, "unchecked")

    async def before(self, call: ToolCall) -> None:
        """A call is about to be recorded and run: see how things stand before the turn's first write."""
        tool = tools.TOOLS.get(call.name)
        if tool is None or tool.kind == "read":
            return
        if not self.state.status and tool.kind == "write":
            await self._baseline()
        # A command may mend, or break, what an earlier write left.
        self.dirty = bool(self.state.status)

    async def after(self) -> str:
        """The model would stop: what it is told so that it goes on, empty where it may."""
        if not self.state.status:
            return ""
        workspace = self.hands.workspace()
        written = self.resumed or bool(self.journal.changed_paths)
        useful = self.dirty and written and not self.state.gave_up
        self.check = await find_check(workspace, self.setting) if useful else None
        if self.check is None:
            if not written and self.state.reason == NOT_RUN_YET:
                self.state.reason = NOTHING_TO_CHECK
            self._keep(told=True)
            return ""
        self.dirty = False
        self.state.runs += 1
        judgement = judge(self.state.before, await self._run(self.check), before_was_blind=self.state.blind)
        again = judgement.status == "failed" and self._may_try_again(judgement)
        self._note(judgement)
        around = await lines_around(workspace, judgement.new[:LEFT]) if again else {}
        return self._report(judgement, around, again=again)

    async def _baseline(self) -> None:
        self.state.status, self.state.reason = "not_checked", NOT_RUN_YET
        self.check = await find_check(self.hands.workspace(), self.setting)
        if not self.turn.auto_fix:
            self.state.reason = "Switched off for this message."
        elif self.setting.strip().lower() == OFF:
            self.state.reason = "Switched off for this project."
        elif self.check is None:
            self.state.reason = NONE_FOUND
        else:
            await self.before_change()
            self.state.command = self.check.shown
            report = await self._run(self.check)
            if report.ending == "ended":
                self.state.before = counted(report.problems)
                self.state.blind = bool(report.problems) and not report.located
            elif report.ending == "timeout":
                self.state.gave_up, self.state.reason = True, report.reason
        self._keep()

    async def _run(self, check: Check) -> Report:
        """Run it, as a call with a trace. A person may have to allow it first."""
        words = [word for command in check.commands for word in ("&&", *command)][1:]
        args = {"command": words, "attempt": self.state.runs, "label": check.shown}
        # The page finds a call by its id, and this turn finds it again after a restart.
        call = ToolCall(f"check-{self.turn.pk}-{self.state.runs}", CHECK.name, args)
        await self.journal.call_started(call)
        general = Decision("ask", f"BooCode wants to check its work with `{check.shown}`.")
        if why := await self.hands.refused(CHECK.name, [words], general if self.asks and not check.harmless else ALLOW):
            self.state.gave_up, self.state.reason = True, f"The check was not run. {why}"
            await self.journal.call_finished(call, ToolResult(output=why, error=why, status="denied"))
            return Report("not_run", reason=self.state.reason)
        self.asks = False
        context = self.hands.context(call, self.hands.workspace())
        checked = await run_check(check, context, settings.CHECK_TIMEOUT_S)
        await self.journal.call_finished(call, checked.result)
        return checked.report

    def _may_try_again(self, judgement: Judgement) -> bool:
        return self.state.attempts < MAX_ATTEMPTS and not gets_nowhere(self.state.last, judgement.new)

    def _note(self, judgement: Judgement) -> None:
        assert self.check is not None
        self.state.status, self.state.command = judgement.status, self.check.shown
        self.state.reason = judgement.reason
        self.state.left = [_shown(problem, new=True) for problem in judgement.new[:LEFT]]
        self.state.old = len(judgement.old)

    def _report(self, judgement: Judgement, around: dict[Problem, str], *, again: bool) -> str:
        """Tell the page, and the model where it shall go on; one commit with what is kept of it."""
        state, text = self.state, ""
        if again:
            state.attempts += 1
            state.last = [problem.fingerprint for problem in judgement.new]
            compared = state.before is not None and not state.blind
            text = told(state.command, judgement, state.attempts, around, compared=compared)
            text = recorder.redactor().text(wire.clean(text))
        frames: Frames = []
        if status := FRAME_STATUS.get(judgement.status):
            old = [_shown(problem, new=False) for problem in judgement.old[:LEFT]]
            frame = {"chat_id": self.turn.chat_id, "attempt": state.runs, "status": status, "command": state.command}
            frames.append(wire.BuildResult.model_validate(frame | {"errors": [*state.left, *old]}))
        self._keep(frames, text, told=True)
        return text

    def _keep(self, frames: Sequence[wire.Logged] = (), text: str = "", *, told: bool = False) -> None:
        """Save the state in the turn's row, and where it is `told` with the last step's message. `text` becomes a
        message to the model."""
        turn, kept, public = self.turn, asdict(self.state), self.state.public()
        self.journal.kept[KIND] = public
        self.journal.build = COLOURS.get(self.state.status, "unchecked")
        record = self.journal.record
        assert record is not None
        message_id = uuid7()

        def change(_log: SessionLog) -> tuple[None, Frames]:
            Turn.objects.filter(pk=turn.pk).update(build=kept)
            if not told:
                return None, list(frames)
            message = Message.objects.get(pk=record.message_id)
            message.metadata = message.metadata | {KIND: public}
            message.save(update_fields=["metadata"])
            status = wire.StatusDelta(
                chat_id=turn.chat_id, message_id=message.pk, status="complete", metadata={KIND: public}
            )
            said = system_message(turn, self.journal.session_id, text, id=message_id, kind=KIND) if text else []
            return None, [*frames, status, *said]

        self.journal.keep(change)


def _shown(problem: Problem, *, new: bool) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.lines[0] if problem.lines else None,
        "code": problem.code,
        "message": recorder.redactor().text(wire.clean(problem.message)),
        "new": new,
    }
