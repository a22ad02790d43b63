"""Executes one turn in this process, from the claim to its end."""

import asyncio
import logging
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from boocode.db.threads import in_database
from chats.agent.loop import Agent, LimitReached
from chats.agent.prompts import system_prompt
from chats.history import restore
from chats.models import Chat, Project, SessionLog, Turn
from chats.providers import registry
from chats.providers.base import Model, ModelError, TranscriptItem
from chats.stream.writer import Fenced, SessionGone, writer
from snapshots.capture import InitialCapture, capture_soon
from tools.permissions import rules
from traces.models import ToolTrace
from traces.record import recorder

from . import approvals, status
from .auto_fix import AutoFix
from .calls import CallRecorder
from .ending import end_turn
from .messages import Frames
from .recorder import StepRecorder
from .state import TurnState
from .tool_access import ToolAccess
from .tool_runner import ToolRunner
from .transcript import Transcript, read_agent_state, read_transcript
from .turn_log import TurnLog

logger = logging.getLogger(__name__)

STOPPED = "Stopped by the person."


@dataclass(frozen=True)
class Context:
    """Holds what a turn begins or goes on with, read in one go. `last_step` is the turn's last step, None in a new
    turn."""

    chat: Chat
    transcript: Transcript
    last_step: recorder.Step | None
    open_traces: list[ToolTrace]
    rules: list[rules.Rule]

    @property
    def project(self) -> Project:
        return self.chat.session.project


async def claim(chat_id: UUID, session_id: UUID) -> Turn | None:
    """Claims the chat's next turn for this process, if there is one and its project is not being restored."""

    def change(_log: SessionLog) -> tuple[Turn | None, Frames]:
        return (None, []) if restore.is_open(chat_id) else status.claim_turn(chat_id)

    return await writer.commit(session_id, change)


def read_context(turn: Turn) -> Context:
    """Reads what the turn works with."""
    chat = Chat.objects.select_related("session__project", "workspace__project").get(pk=turn.chat_id)
    turn.chat = chat
    transcript = read_transcript(turn)
    return Context(
        chat,
        transcript,
        recorder.read_step(transcript.last_step.pk) if transcript.last_step else None,
        recorder.unfinished(turn.pk),
        approvals.rules_of(chat.session.project_id),
    )


class CheckHooks:
    """Runs the project's check when the model would stop."""

    def __init__(self, auto_fix: AutoFix) -> None:
        self.on_idle = auto_fix.on_idle

    async def before_step(self, transcript: list[TranscriptItem]) -> None:
        """Leaves the transcript as it is."""

    async def on_overflow(self, transcript: list[TranscriptItem]) -> bool:
        """Gives up: nothing shortens a context yet."""
        return False


class TurnExecution:
    """Executes one turn in this process."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.is_cancelled = False
        self.is_lost = False
        self._task: asyncio.Task[None] | None = None

    def on_lease_state(self, fence: int, cancel_requested: bool) -> None:
        """Is told how the turn stands in the database. Under another fence, or deleted, it is no longer this process's:
        what runs is stopped, and nothing more is written."""
        if fence != self.turn.fence:
            if not self.is_lost and self._task is not None:
                self.is_lost = True
                self._task.cancel()
        elif cancel_requested:
            self.cancel()

    def cancel(self) -> None:
        """Ends the turn because the person wants it to. Further calls do nothing: the end is not to be cut off."""
        if not self.is_cancelled:
            self.is_cancelled = True
            if self._task is not None:
                self._task.cancel()

    async def run(self) -> None:
        """Works to the end, whatever that is. Raises Fenced where the turn was taken over meanwhile."""
        context = await in_database(read_context, self.turn)
        model = _open_model(self.turn.model)
        work = Work(self.turn, context, model)
        self._task = asyncio.create_task(work.run())
        if self.is_cancelled or self.turn.cancel_requested:
            self.is_cancelled = True
            self._task.cancel()
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            await self._end_cancelled(work)
        except ModelError as error:
            await work.interrupt("failed", error.message, error.reason)
            await work.end(Turn.Status.FAILED, error.message)
        except LimitReached as error:
            await work.interrupt("cancelled", str(error))
            await work.end(Turn.Status.FAILED, str(error), note=str(error))
        except (Fenced, SessionGone):
            raise
        except Exception as error:
            logger.exception("Turn %s failed", self.turn.pk)
            why = f"BooCode itself failed ({type(error).__name__}); the server's log says more. Try to send it again."
            await work.interrupt("failed", why, "internal")
            await work.end(Turn.Status.FAILED, why)
        else:
            await work.end(Turn.Status.COMPLETE)
        finally:
            capture_soon(context.chat.workspace_id, context.chat.workspace.root)
            if not isinstance(model, ModelError):
                await model.aclose()

    async def _end_cancelled(self, work: "Work") -> None:
        """Ends work that was cancelled: the turn is another's, the server stops, or the person wants it to end."""
        if self.is_lost:
            raise Fenced(work.log.fence)
        if not self.is_cancelled:  # the turn stays as it is, and goes on after the next start
            assert self._task is not None
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            raise asyncio.CancelledError
        await work.interrupt("cancelled", STOPPED)
        await work.end(Turn.Status.CANCELLED)


class Work:
    """Puts together what one turn needs, and ends it."""

    def __init__(self, turn: Turn, context: Context, model: Model | ModelError) -> None:
        workspace = context.chat.workspace
        self.turn = turn
        self.context = context
        self.model = model
        self.log = TurnLog(turn, context.chat.session_id)
        self.state = TurnState(turn.steps, touched=turn.fence > 1)
        self.steps = StepRecorder(turn, self.log, self.state, getattr(model, "context_window", None))
        self.files = InitialCapture(workspace.pk, workspace.root, turn.chat_id, turn.pk)
        self.access = ToolAccess(context.chat, context.rules)
        self.calls = CallRecorder(turn, self.log, self.state, self.access, context.open_traces)

    async def run(self) -> None:
        """Runs the agent's loop. Raises ModelError, LimitReached."""
        if isinstance(self.model, ModelError):
            await self.steps.start_step()  # the message that shows the error
            raise self.model
        context, project, transcript = self.context, self.context.project, self.context.transcript
        self.state.restore(read_agent_state(transcript.items), context.last_step, transcript.pending)
        auto_fix = AutoFix(
            self.turn, project.check_command, self.log, self.state, self.access, self.calls, self.files.before_change
        )
        tools = ToolRunner(self.access, self.calls, self.state, self.files, auto_fix)
        system = system_prompt(await self.access.surroundings(auto_fix.setting))
        agent = Agent(self.model, tools, self.steps, CheckHooks(auto_fix), system, settings.MAX_STEPS)
        await agent.run(transcript.items, transcript.pending)
        await self.log.commit()

    async def interrupt(self, status: str, why: str, reason: str | None = None) -> None:
        """Ends what is in progress: the step keeps its text, each call without a result gets `why` as one."""
        await self.log.commit()
        why = recorder.redactor().text(why)
        await self.calls.interrupt(status, why)
        await self.steps.interrupt(status, why, reason)
        await self.log.commit()

    async def end(self, end: Turn.Status, error: str = "", note: str = "") -> None:
        """Ends the turn in one transaction."""
        mask = recorder.redactor()
        texts = {"error": mask.text(error), "note": mask.text(note)}

        def change(log: SessionLog) -> tuple[None, Frames]:
            return None, end_turn(self.turn, log, end, state=self.state, **texts)

        self.log.enqueue(change)
        await self.log.commit()


def _open_model(name: str) -> Model | ModelError:
    try:
        return registry.open_model(name, settings.MODELS)
    except ModelError as error:
        return error
