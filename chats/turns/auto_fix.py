"""Runs the project's check before a turn's first write and again when the model would stop, and tells the model which
errors are new, so that it repairs them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from uuid6 import uuid7

from chats.models import Message, SessionLog, Turn
from chats.models.turn import CHECK_FIELDS
from chats.providers.base import ToolCall
from chats.stream import frames, sanitize
from tools import registry as tools
from tools.base import ToolContext, ToolResult
from tools.check.discovery import OFF, Check
from tools.check.regressions import (
    MAX_ATTEMPTS,
    Judgement,
    Problem,
    Report,
    count_fingerprints,
    describe_regressions,
    judge,
    makes_no_progress,
)
from tools.check.run import CHECK, CheckRun, find_check, read_lines_around, run_check
from tools.permissions.decision import Allow, Ask, decide_by_rules
from traces.record import recorder

from .calls import CallRecorder
from .messages import Frames, add_system_message
from .state import TurnState
from .tool_access import ToolAccess
from .turn_log import TurnLog

KIND = "build"
LEFT = 20
NOT_RUN_YET = "The turn ended before the check had run."
NOTHING_TO_CHECK = "No file was changed."
NONE_FOUND = "No check was found. Set one for the project, such as `npm run build`."
COLOURS = {"passed": "green", "failed": "red"}
FRAME_STATUS = {"passed": "passed", "failed": "failed", "timeout": "timeout"}


@dataclass
class CheckState:
    """Holds how the check stands in a turn; it is kept in the turn's row. `status` is empty as long as nothing was
    written, then one of passed, failed, timeout, not_checked. `before` counts the errors of the run before the first
    write, None where there is nothing to compare with; `old` is how many of them are still there; `last` are the
    fingerprints that the model was told of."""

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
        return {name: getattr(self, name) for name in CHECK_FIELDS}


class AutoFix:
    """Runs the project's check in one turn. `setting` is the project's `check_command`; `before_change` is awaited
    before anything may change a file."""

    def __init__(
        self,
        turn: Turn,
        setting: str,
        log: TurnLog,
        state: TurnState,
        access: ToolAccess,
        calls: CallRecorder,
        before_change: Callable[[], Awaitable[None]],
    ) -> None:
        self.turn = turn
        self.setting = setting if turn.auto_fix else OFF
        self.log = log
        self.turn_state = state
        self.access = access
        self.calls = calls
        self.before_change = before_change
        self.asks = access.mode == "ask"
        self.state = CheckState(**turn.build)
        self.check: Check | None = None
        self.resumed = bool(self.state.status)
        self.dirty = self.resumed
        if self.resumed:
            self._show()

    async def before_call(self, call: ToolCall) -> None:
        """Runs the check before the turn's first write, so that old errors are known from new ones."""
        tool = tools.TOOLS.get(call.name)
        if tool is None or tool.kind_of(call.args) == "read":
            return
        if not self.state.status and tool.kind == "write":
            await self._baseline()
        # A command may mend, or break, what an earlier write left.
        self.dirty = bool(self.state.status)

    async def on_idle(self) -> str | None:
        """Runs the check when the model would stop after a write. Gives what the model is told so that it goes on, None
        where it may stop."""
        if not self.state.status:
            return None
        workspace = self.access.workspace()
        written = self.resumed or bool(self.turn_state.changed_paths)
        useful = self.dirty and written and not self.state.gave_up
        self.check = await find_check(workspace, self.setting) if useful else None
        if self.check is None:
            if not written and self.state.reason == NOT_RUN_YET:
                self.state.reason = NOTHING_TO_CHECK
            self._save(in_message=True)
            return None
        self.dirty = False
        self.state.runs += 1
        judgement = judge(self.state.before, await self._run(self.check), before_was_blind=self.state.blind)
        again = judgement.status == "failed" and self._may_try_again(judgement)
        self._note(judgement)
        around = await read_lines_around(workspace, judgement.new[:LEFT]) if again else {}
        return self._report(judgement, around, again=again) or None

    async def _baseline(self) -> None:
        self.state.status, self.state.reason = "not_checked", NOT_RUN_YET
        self.check = await find_check(self.access.workspace(), self.setting)
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
                self.state.before = count_fingerprints(report.problems)
                self.state.blind = bool(report.problems) and not report.located
            elif report.ending == "timeout":
                self.state.gave_up, self.state.reason = True, report.reason
        self._save()

    async def _run(self, check: Check) -> Report:
        """Runs the check as a call with a trace. A person may have to allow it first."""
        words = [word for command in check.commands for word in ("&&", *command)][1:]
        args = {"command": words, "attempt": self.state.runs, "label": check.shown}
        # The page finds a call by its id, and this turn finds it again after a restart.
        call = ToolCall(f"check-{self.turn.pk}-{self.state.runs}", CHECK.name, args)
        question = Ask(f"BooCode wants to check its work with `{check.shown}`.", "mode: ask")
        otherwise = question if self.asks and not check.harmless else Allow("the project's check")
        decision = decide_by_rules(self.access.rules, CHECK, [words], otherwise)
        checked: list[CheckRun] = []

        async def work(context: ToolContext) -> ToolResult:
            checked.append(await run_check(check, context, settings.CHECK_TIMEOUT_S))
            return checked[0].result

        result = await self.calls.run(call, decision, work, for_model=False)
        if not checked:
            self.state.gave_up, self.state.reason = True, f"The check was not run. {result.error}"
            return Report("not_run", reason=self.state.reason)
        self.asks = False
        return checked[0].report

    def _may_try_again(self, judgement: Judgement) -> bool:
        return self.state.attempts < MAX_ATTEMPTS and not makes_no_progress(self.state.last, judgement.new)

    def _note(self, judgement: Judgement) -> None:
        assert self.check is not None
        self.state.status, self.state.command = judgement.status, self.check.shown
        self.state.reason = judgement.reason
        self.state.left = [_shown(problem, new=True) for problem in judgement.new[:LEFT]]
        self.state.old = len(judgement.old)

    def _report(self, judgement: Judgement, around: dict[Problem, str], *, again: bool) -> str:
        """Shows the result on the page, and gives what the model is told where it should go on; empty where not."""
        state, text = self.state, ""
        if again:
            state.attempts += 1
            state.last = [problem.fingerprint for problem in judgement.new]
            compared = state.before is not None and not state.blind
            text = describe_regressions(state.command, judgement, state.attempts, around, compared=compared)
            text = recorder.redactor().text(sanitize.clean(text))
        emitted: Frames = []
        if status := FRAME_STATUS.get(judgement.status):
            old = [_shown(problem, new=False) for problem in judgement.old[:LEFT]]
            frame = {"chat_id": self.turn.chat_id, "attempt": state.runs, "status": status, "command": state.command}
            emitted.append(frames.BuildResult.model_validate(frame | {"errors": [*state.left, *old]}))
        self._save(emitted, text, in_message=True)
        return text

    def _show(self) -> None:
        self.turn_state.end_check(COLOURS.get(self.state.status, "unchecked"), self.state.public(), KIND)

    def _save(self, emitted: Sequence[frames.Logged] = (), text: str = "", *, in_message: bool = False) -> None:
        """Saves the state in the turn's row, and with `in_message` in the last step's message. `text` becomes a message
        to the model."""
        turn, row, public = self.turn, asdict(self.state), self.state.public()
        self._show()
        step = self.turn_state.last_step
        assert step is not None
        message_id = uuid7()

        def change(log: SessionLog) -> tuple[None, Frames]:
            Turn.objects.filter(pk=turn.pk).update(build=row)
            if not in_message:
                return None, list(emitted)
            message = Message.objects.get(pk=step.message_id)
            message.metadata = message.metadata | {KIND: public}
            message.save(update_fields=["metadata"])
            status = frames.StatusDelta(
                chat_id=turn.chat_id, message_id=message.pk, status="complete", metadata={KIND: public}
            )
            instruction = add_system_message(turn, log.pk, text, id=message_id, kind=KIND) if text else []
            return None, [*emitted, status, *instruction]

        self.log.enqueue(change)


def _shown(problem: Problem, *, new: bool) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.lines[0] if problem.lines else None,
        "code": problem.code,
        "message": recorder.redactor().text(sanitize.clean(problem.message)),
        "new": new,
    }
