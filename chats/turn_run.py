"""One turn at work in this process, from the claim to its end."""

import asyncio
import logging
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from boocode.database import in_database
from snapshots.taking import Beginning, fill_soon
from tools import rules
from traces import recorder
from traces.models import ToolTrace

from . import approvals, restoring, wire
from .agent import Agent, LimitReached
from .events import Fenced, SessionGone, writer
from .journal import TurnJournal
from .models import Chat, Project, SessionLog, Turn
from .prompts import system_prompt
from .providers import registry
from .providers.base import Model, ModelError
from .toolbox import ProjectToolbox
from .transcript import Transcript, last_list, read_transcript

logger = logging.getLogger(__name__)

STOPPED = "Stopped by the person."


@dataclass
class Context:
    """What a turn works with, read in one go."""

    chat: Chat
    transcript: Transcript
    open_traces: list[ToolTrace]
    rules: list[rules.Rule]

    @property
    def project(self) -> Project:
        return self.chat.session.project


async def claim(chat_id: UUID, session_id: UUID) -> Turn | None:
    """Take the chat's next turn, if there is one to take."""

    def change(_log: SessionLog) -> tuple[Turn | None, list[wire.Logged]]:
        turn = None if restoring.is_open(chat_id) else Turn.claim_next(chat_id)
        if turn is None:
            return None, []
        recorder.turn_taken(turn.pk, turn.created_at, turn.started_at or turn.created_at)
        Chat.objects.filter(pk=chat_id).update(status=Chat.Status.RUNNING)
        return turn, [wire.AgentStatusUpdated(chat_id=chat_id, status="running")]

    return await writer.commit(session_id, change)


def read_context(turn: Turn) -> Context:
    chat = Chat.objects.select_related("session__project").get(pk=turn.chat_id)
    turn.chat = chat
    return Context(
        chat, read_transcript(turn), recorder.unfinished(turn.pk), approvals.rules_of(chat.session.project_id)
    )


class TurnRun:
    """One turn at work in this process."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.cancelled = False
        self.lost = False
        self._task: asyncio.Task[None] | None = None

    def hear(self, fence: int, cancel_requested: bool) -> None:
        """How the turn stands in the database. Under another fence, or deleted, it is no longer this process's: what
        runs is stopped, and nothing more is written."""
        if fence != self.turn.fence:
            if not self.lost and self._task is not None:
                self.lost = True
                self._task.cancel()
        elif cancel_requested:
            self.cancel()

    def cancel(self) -> None:
        """The person wants it to end. Only the first call counts: what cleans up is not to be cut off."""
        if not self.cancelled:
            self.cancelled = True
            if self._task is not None:
                self._task.cancel()

    async def run(self) -> None:
        """Work to the end, whatever that is. Raises Fenced where the turn was taken over meanwhile."""
        context = await in_database(read_context, self.turn)
        model = _open_model(self.turn.model)
        ctx_max = None if isinstance(model, ModelError) else model.context_window
        journal = TurnJournal(self.turn, context.chat.session_id, context.project.pk, ctx_max)
        project = context.project
        files = Beginning(project.pk, project.root, self.turn.chat_id, self.turn.pk)
        self._task = asyncio.create_task(self._work(context, model, journal, files))
        if self.cancelled or self.turn.cancel_requested:
            self.cancelled = True
            self._task.cancel()
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            await self._cut_off(journal)
        except ModelError as error:
            await journal.cut("failed", error.message, error.reason)
            await journal.finish(Turn.Status.FAILED, error.message)
        except LimitReached as error:
            await journal.cut("cancelled", str(error))
            await journal.finish(Turn.Status.FAILED, str(error), note=str(error))
        except (Fenced, SessionGone):
            raise
        except Exception as error:
            logger.exception("Turn %s failed", self.turn.pk)
            why = f"BooCode itself failed ({type(error).__name__}); the server's log says more. Try to send it again."
            await journal.cut("failed", why, "internal")
            await journal.finish(Turn.Status.FAILED, why)
        else:
            await journal.finish(Turn.Status.COMPLETE)
        finally:
            fill_soon(project.pk, project.root)
            if not isinstance(model, ModelError):
                await model.aclose()

    async def _cut_off(self, journal: TurnJournal) -> None:
        """The work was cancelled: the turn is another's, the server stops, or the person wants it to end."""
        if self.lost:
            raise Fenced(journal.fence)
        if not self.cancelled:  # the turn stays as it is, and goes on after the next start
            assert self._task is not None
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            raise asyncio.CancelledError
        await journal.cut("cancelled", STOPPED)
        await journal.finish(Turn.Status.CANCELLED)

    async def _work(self, context: Context, model: Model | ModelError, journal: TurnJournal, files: Beginning) -> None:
        if isinstance(model, ModelError):
            await journal.step_started()  # the message that shows the error
            raise model
        project = context.project
        toolbox = ProjectToolbox(project, context.rules, journal, files)
        agent = Agent(model, toolbox, journal, system_prompt(await toolbox.surroundings()), settings.MAX_STEPS)
        journal.kept = last_list(context.transcript.items) | journal.kept
        if context.transcript.last_step is not None:
            journal.go_on(context.transcript.last_step, context.transcript.pending, context.open_traces)
        await agent.run(context.transcript.items, context.transcript.pending)
        await journal.confirm()


def _open_model(name: str) -> Model | ModelError:
    try:
        return registry.open_model(name, settings.MODELS)
    except ModelError as error:
        return error
