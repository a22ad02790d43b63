"""Schedules turns as tasks of this process's event loop. Leases and fences in the database keep several such processes
apart, and let one go on with what another left behind."""

import asyncio
import logging
from uuid import UUID

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.conf import settings

from boocode.db.threads import in_database
from chats.history import restore
from chats.models import Chat, Turn
from chats.models.turn import ACTIVE
from chats.stream.writer import Fenced, SessionGone
from snapshots import capture
from tools.commands.background import BACKGROUND

from . import execution, recovery
from .execution import TurnExecution

logger = logging.getLogger(__name__)

WATCH_S = 1.0
GONE = (0, False)


class Scheduler:
    """Runs the turns of one chat one after the other, and those of different chats at the same time."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._chats: dict[UUID, asyncio.Task[None]] = {}
        self._again: set[UUID] = set()
        self._runs: dict[UUID, TurnExecution] = {}
        self._watch_task: asyncio.Task[None] | None = None
        self._stopping: set[asyncio.Future[None]] = set()

    async def start(self) -> None:
        """Goes on with what was left behind, and looks for it from now on."""
        self._loop = asyncio.get_running_loop()
        # SQLite with an in-memory layer is one process (`serve` holds a lock): what is active now was left behind.
        await self.recover(everything=settings.ON_SQLITE and isinstance(get_channel_layer(), InMemoryChannelLayer))
        self._watch_task = asyncio.create_task(self._watch())

    async def stop(self) -> list[UUID]:
        """Stops working. Returns the ids of the turns that were cut off; they stay active in the database."""
        tasks = [*self._chats.values(), *([self._watch_task] if self._watch_task else [])]
        mine = [run.turn.pk for run in self._runs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return mine

    def submit(self, chat_id: UUID) -> None:
        """Works on the chat's queued turns. From any thread; without an event loop another process finds them."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._start, chat_id, None)

    def cancel(self, chat_id: UUID) -> None:
        """Stops the chat's running turn if it is here; elsewhere its process sees the flag in the database."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel_here, chat_id)

    async def recover(self, everything: bool = False) -> None:
        """Goes on with what nobody works on: half a restore, turns whose lease ran out, and queued ones."""
        await in_database(restore.recover)
        for turn_id, chat_id, session_id in await in_database(recovery.orphans, everything):
            if chat_id not in self._chats and (turn := await recovery.take_over(turn_id, session_id, everything)):
                self._start(chat_id, turn)
        for chat_id in await in_database(_waiting_chats):
            self._start(chat_id, None)
        await capture.catch_up()

    def _cancel_here(self, chat_id: UUID) -> None:
        if run := self._runs.get(chat_id):
            run.cancel()
        self._stopping.add(task := asyncio.ensure_future(BACKGROUND.stop_all(str(chat_id))))
        task.add_done_callback(self._stopping.discard)

    def _start(self, chat_id: UUID, taken: Turn | None) -> None:
        if chat_id in self._chats:
            self._again.add(chat_id)
            return
        task = asyncio.create_task(self._drain(chat_id, taken))
        self._chats[chat_id] = task

    async def _drain(self, chat_id: UUID, turn: Turn | None) -> None:
        """Runs the chat's turns until none is queued."""
        try:
            session_id = await in_database(_session_of, chat_id)
            while True:
                self._again.discard(chat_id)
                turn = turn or await execution.claim(chat_id, session_id)
                if turn is None:
                    if chat_id not in self._again:
                        return
                    continue
                await self._run(chat_id, turn)
                turn = None
        except (SessionGone, Chat.DoesNotExist):
            pass
        except Exception:
            logger.exception("The turns of chat %s stopped", chat_id)
        finally:
            del self._chats[chat_id]

    async def _run(self, chat_id: UUID, turn: Turn) -> None:
        run = self._runs[chat_id] = TurnExecution(turn)
        try:
            await run.run()
        except Fenced:
            logger.warning("Turn %s belongs to another process by now", turn.pk)
        finally:
            del self._runs[chat_id]

    async def _watch(self) -> None:
        """Renews leases, finds cancellations from other processes and picks up what was left behind."""
        ticks, renew_every = 0, renew_every_s()
        while True:
            await asyncio.sleep(WATCH_S)
            ticks += 1
            try:
                runs = list(self._runs.values())
                states = await in_database(_lease_states, [run.turn.pk for run in runs])
                for run in runs:
                    run.on_lease_state(*states.get(run.turn.pk, GONE))
                if ticks % renew_every == 0:
                    for run in list(self._runs.values()):
                        await in_database(Turn.renew, run.turn.pk, run.turn.fence)
                    await self.recover()
            except Exception as error:
                logger.warning("Turns can't be looked after: %s", error)


def renew_every_s() -> int:
    """Says how often leases are renewed."""
    return max(1, settings.LEASE_S * 2 // 9)


def command_silence_s() -> float:
    """Says after how long a frozen process's commands end: before another one can take its turns over."""
    return max(1.0, settings.LEASE_S - renew_every_s() - WATCH_S)


def _waiting_chats() -> list[UUID]:
    """Finds chats with a queued turn and no active one."""
    busy = Turn.objects.filter(status__in=ACTIVE).values("chat_id")
    queued = Turn.objects.filter(status=Turn.Status.QUEUED).exclude(chat_id__in=busy)
    return list(queued.values_list("chat_id", flat=True).distinct().order_by())


def _session_of(chat_id: UUID) -> UUID:
    return Chat.objects.values_list("session_id", flat=True).get(pk=chat_id)


def _lease_states(turn_ids: list[UUID]) -> dict[UUID, tuple[int, bool]]:
    """Reads of each turn its fence and whether a person wants it to end; a deleted turn is left out."""
    if not turn_ids:
        return {}
    rows = Turn.objects.filter(pk__in=turn_ids).values_list("pk", "fence", "cancel_requested")
    return {pk: (fence, cancel_requested) for pk, fence, cancel_requested in rows}


scheduler = Scheduler()
