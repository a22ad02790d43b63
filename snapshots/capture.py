"""Captures files beside the turns, on threads of its own: only a turn that is about to change a file waits for it."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

from django.db import IntegrityError, connection

from boocode.db.threads import call_reconnecting, in_database
from snapshots.files.git import Interrupted, interrupt
from snapshots.files.repository import Repository

from . import checkpoints
from .files import quota

logger = logging.getLogger(__name__)

FRESH_S = 2.0
SETTLE_S = 2.0

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="checkpoints")
_tasks: set[asyncio.Task[None]] = set()


def capture_soon(
    workspace_id: UUID, root: str, turn_id: UUID | None = None, *, anew: bool = False
) -> asyncio.Task[None]:
    """Starts to capture what is open (see checkpoints.capture_open). The task never fails: what goes wrong is logged,
    and the rows stay open for the next one."""
    task = asyncio.create_task(_capture(workspace_id, root, turn_id, anew))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


async def _capture(workspace_id: UUID, root: str, turn_id: UUID | None, anew: bool) -> None:
    work = partial(call_reconnecting, checkpoints.capture_open, workspace_id, root, turn_id, anew=anew)
    try:
        await asyncio.get_running_loop().run_in_executor(_threads, work)
    except Interrupted:
        pass
    except Exception:
        logger.exception("The checkpoint of workspace %s could not be taken", workspace_id)


def prune_soon(workspace_id: UUID, root: str) -> None:
    """Starts to make room where the quota is passed. From any thread."""
    _threads.submit(_prune, workspace_id, root)


def _prune(workspace_id: UUID, root: str) -> None:
    try:
        call_reconnecting(quota.enforce, workspace_id, Repository(workspace_id, root))
    except Interrupted:
        pass
    except Exception:
        logger.exception("The checkpoints of workspace %s could not be pruned", workspace_id)
    finally:
        connection.close()  # it is rarely needed


async def catch_up() -> None:
    """Starts to capture what a process left open that died between a turn's end and its tree."""
    for workspace_id, root in await in_database(checkpoints.find_uncaptured):
        capture_soon(workspace_id, root)


async def settle() -> None:
    """Waits for the captures that run, for 2 s at most; what takes longer is left for the next start."""
    if _tasks:
        await asyncio.wait(_tasks, timeout=SETTLE_S)
    if _tasks:
        interrupt()
        await asyncio.wait(_tasks)


class InitialCapture:
    """Captures what a turn finds in the workspace while the model is asked, so that the turn's first change rarely
    waits for it."""

    def __init__(self, workspace_id: UUID, root: str, chat_id: UUID, turn_id: UUID) -> None:
        self.touched = False
        self._of_turn = (workspace_id, root, turn_id)
        self._chat_id = chat_id
        self._began = time.monotonic()
        self._task = asyncio.create_task(self._begin())

    async def before_change(self) -> None:
        """Returns once the files are on record. Await it before each call that may change a file."""
        if not self.touched:
            await asyncio.shield(self._task)
            if time.monotonic() - self._began > FRESH_S:
                # The person may have worked on the files while the model thought, or a question waited.
                await asyncio.shield(capture_soon(*self._of_turn, anew=True))
            self.touched = True

    async def _begin(self) -> None:
        workspace_id, _root, turn_id = self._of_turn
        try:
            await in_database(checkpoints.begin, workspace_id, self._chat_id, turn_id)
        except IntegrityError:
            logger.info("Turn %s got no checkpoint: it was deleted meanwhile", turn_id)
        except Exception:
            logger.exception("The checkpoint of turn %s could not be begun", turn_id)
        else:
            await capture_soon(*self._of_turn)
