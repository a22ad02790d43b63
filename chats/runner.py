"""Which turn runs where: here, as tasks of the server's own event loop. Leases and fences in the database keep several
such processes apart, and let one go on with what another left behind."""

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.conf import settings

from boocode.database import empty_wal, in_database
from snapshots import taking
from tools import hardening, processes, sandbox
from tools.background import BACKGROUND
from tools.blocking import in_thread
from traces import otel

from . import log_mark, restoring, takeover, turn_run
from .events import Fenced, SessionGone, writer
from .fanout import hub
from .models import Chat, Turn
from .models.turn import ACTIVE
from .pruning import pruner
from .turn_run import TurnRun

logger = logging.getLogger(__name__)

WATCH_S = 1.0
GONE = (0, False)
FLUSH_S = 3.0


class Runner:
    """Turns of one chat run one after the other; those of different chats at the same time."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._chats: dict[UUID, asyncio.Task[None]] = {}
        self._again: set[UUID] = set()
        self._runs: dict[UUID, TurnRun] = {}
        self._watch_task: asyncio.Task[None] | None = None
        self._stopping: set[asyncio.Future[None]] = set()

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        # SQLite with an in-memory layer is one process (`serve` holds a lock): what is active now was left behind.
        await self.recover(everything=settings.ON_SQLITE and isinstance(get_channel_layer(), InMemoryChannelLayer))
        self._watch_task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop working. Turns stay active in the database, and are taken over after the next start."""
        tasks = [*self._chats.values(), *([self._watch_task] if self._watch_task else [])]
        mine = [run.turn.pk for run in self._runs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await BACKGROUND.close()
        await in_database(Turn.release, mine)
        await taking.settle()

    def submit(self, chat_id: UUID) -> None:
        """Work on the chat's queued turns. From any thread; without an event loop another process finds them."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._start, chat_id, None)

    def cancel(self, chat_id: UUID) -> None:
        """Stop the chat's running turn if it is here; elsewhere its process sees the flag in the database."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel_here, chat_id)

    async def recover(self, everything: bool = False) -> None:
        """Go on with what nobody works on: half a restore, turns whose lease ran out, and queued ones."""
        await in_database(restoring.recover)
        for turn_id, chat_id, session_id in await in_database(takeover.orphans, everything):
            if chat_id not in self._chats and (turn := await takeover.take_over(turn_id, session_id, everything)):
                self._start(chat_id, turn)
        for chat_id in await in_database(_waiting_chats):
            self._start(chat_id, None)
        await taking.catch_up()

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
        """Run the chat's turns until none is queued."""
        try:
            session_id = await in_database(_session_of, chat_id)
            while True:
                self._again.discard(chat_id)
                turn = turn or await turn_run.claim(chat_id, session_id)
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
        run = self._runs[chat_id] = TurnRun(turn)
        try:
            await run.run()
        except Fenced:
            logger.warning("Turn %s belongs to another process by now", turn.pk)
        finally:
            del self._runs[chat_id]

    async def _watch(self) -> None:
        """Renew leases, hear of cancellations from other processes, pick up what was left behind, and tidy up."""
        ticks, renew_every = 0, max(1, settings.LEASE_S * 2 // 9)
        while True:
            await asyncio.sleep(WATCH_S)
            ticks += 1
            try:
                runs = list(self._runs.values())
                standing = await in_database(_standing, [run.turn.pk for run in runs])
                for run in runs:
                    run.hear(*standing.get(run.turn.pk, GONE))
                if ticks % renew_every == 0:
                    for run in list(self._runs.values()):
                        await in_database(Turn.renew, run.turn.pk, run.turn.fence)
                    await self.recover()
                await in_database(log_mark.write)
                await in_database(empty_wal)
            except Exception as error:
                logger.warning("Turns can't be looked after: %s", error)


def _waiting_chats() -> list[UUID]:
    """Chats with a queued turn and no active one."""
    busy = Turn.objects.filter(status__in=ACTIVE).values("chat_id")
    queued = Turn.objects.filter(status=Turn.Status.QUEUED).exclude(chat_id__in=busy)
    return list(queued.values_list("chat_id", flat=True).distinct().order_by())


def _session_of(chat_id: UUID) -> UUID:
    return Chat.objects.values_list("session_id", flat=True).get(pk=chat_id)


def _standing(turn_ids: list[UUID]) -> dict[UUID, tuple[int, bool]]:
    """By turn, its owner's number and whether somebody wants it to end; none for a deleted one."""
    if not turn_ids:
        return {}
    rows = Turn.objects.filter(pk__in=turn_ids).values_list("pk", "fence", "cancel_requested")
    return {pk: (fence, cancel_requested) for pk, fence, cancel_requested in rows}


runner = Runner()
_starting: asyncio.Task[None] | None = None
_warming_up: asyncio.Future[None] | None = None


async def start_once() -> None:
    """Start what a server process needs beside answering: writer, fan-out, runner. Further calls do nothing."""
    global _starting
    if _starting is None:
        _starting = asyncio.create_task(_start())
    await asyncio.shield(_starting)


def _warm_up() -> None:
    """What takes some time at the first command, which shall not wait for it."""
    with suppress(OSError):
        processes.SPAWNER.warm_up()
        sandbox.why_not()


async def _start() -> None:
    hardening.hide_memory()
    global _warming_up
    _warming_up = asyncio.ensure_future(in_thread(_warm_up))
    await in_database(log_mark.check)
    await hub.start()
    await writer.start()
    await runner.start()
    await pruner.start()


async def stop() -> None:
    """End it in order, with everything committed that was said."""
    await runner.stop()
    await writer.stop()
    await in_database(log_mark.write)
    await in_database(otel.flush, FLUSH_S)
    await pruner.stop()
    await hub.stop()
    await in_thread(processes.SPAWNER.close)
