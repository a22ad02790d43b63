"""Starts and stops what a server process runs beside answering requests: the writer, the hub, the scheduler."""

import asyncio
import logging
from contextlib import suppress

from django.conf import settings

from boocode.db.threads import empty_wal, in_database
from chats.models import Turn
from chats.projects import removal
from chats.providers import registry as providers
from chats.stream import rollback_guard
from chats.stream.hub import hub
from chats.stream.retention import pruner
from chats.stream.writer import writer
from chats.turns.scheduler import command_silence_s, scheduler
from chats.web.socket_watch import sockets
from snapshots import capture
from tools.commands import process_hardening, processes, sandbox
from tools.commands.background import BACKGROUND
from tools.files.threads import in_thread
from traces.otel import exporter

from .origin import Asgi
from .requests import OpenRequests

logger = logging.getLogger(__name__)

DATABASE_CARE_S = 1.0
SPANS_FLUSH_S = 3.0
BIN_CARE_S = 3600.0

_starting: asyncio.Task[None] | None = None
_tasks: list[asyncio.Future[None]] = []


def start_before_answering(inner: Asgi) -> Asgi:
    """Wrap an ASGI application so that the process is started before the first request, whatever server it runs under.

    daphne sends no lifespan events.
    """

    async def application(scope, receive, send):  # type: ignore[no-untyped-def]
        await start_once()
        await inner(scope, receive, send)

    return application


async def start_once() -> None:
    """Start the process; further calls wait for the first one's end and do nothing."""
    global _starting
    if _starting is None:
        _starting = asyncio.create_task(_start())
    await asyncio.shield(_starting)


async def _start() -> None:
    process_hardening.hide_memory()
    if not settings.ON_SQLITE:
        processes.SPAWNER.silence_s = command_silence_s()
    _tasks.append(asyncio.ensure_future(in_thread(_warm_up_commands)))
    await in_database(rollback_guard.check_mark)
    await hub.start()
    await writer.start()
    await scheduler.start()
    _tasks.append(asyncio.create_task(_care_for_database()))
    _tasks.append(asyncio.create_task(_empty_bin()))
    await pruner.start()


async def stop(requests: OpenRequests) -> None:
    """Stop the process in order: close sockets, answer open requests, stop the turns, commit what is pending.

    Turns stay active in the database, so the next start goes on with them.
    """
    await sockets.close_all()
    await requests.drain()
    cut_off = await scheduler.stop()
    await BACKGROUND.close()
    await in_database(Turn.release, cut_off)  # last: another process may take the turns over at once
    await capture.settle()
    await writer.stop()
    for task in _tasks:
        task.cancel()
    await in_database(rollback_guard.write_mark)
    await in_database(exporter.flush, SPANS_FLUSH_S)
    await pruner.stop()
    await hub.stop()
    await providers.close()
    await in_thread(processes.SPAWNER.close)


def _warm_up_commands() -> None:
    """Do now what the first command would otherwise wait for."""
    with suppress(OSError):
        processes.SPAWNER.warm_up()
        sandbox.explain_absence()


async def _empty_bin() -> None:
    """Delete what has lain in the bin for long enough, at the start and then each hour."""
    while True:
        try:
            await in_database(removal.delete_expired)
        except Exception as error:
            logger.warning("The bin can't be emptied: %s", error)
        await asyncio.sleep(BIN_CARE_S)


async def _care_for_database() -> None:
    """Record how far the log reaches and empty the write-ahead log, each second."""
    while True:
        await asyncio.sleep(DATABASE_CARE_S)
        try:
            await in_database(rollback_guard.write_mark)
            await in_database(empty_wal)
        except Exception as error:
            logger.warning("The database can't be looked after: %s", error)
