"""Looking at files beside the turns: on threads of its own, awaited only by who is about to change a file."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

from django.db import IntegrityError, connection

from boocode.database import in_database, mended

from . import checkpoints, quota
from .git import Interrupted, interrupt
from .repository import Repository

logger = logging.getLogger(__name__)

FRESH_S = 2.0
SETTLE_S = 2.0

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="checkpoints")
_tasks: set[asyncio.Task[None]] = set()


def fill_soon(project_id: UUID, root: str, turn_id: UUID | None = None, *, anew: bool = False) -> asyncio.Task[None]:
    """Start to take what is open (see checkpoints.fill). The task never fails: what goes wrong is logged, and the rows
    stay open for the next one."""
    task = asyncio.create_task(_fill(project_id, root, turn_id, anew))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


async def _fill(project_id: UUID, root: str, turn_id: UUID | None, anew: bool) -> None:
    work = partial(mended, checkpoints.fill, project_id, root, turn_id, anew=anew)
    try:
        await asyncio.get_running_loop().run_in_executor(_threads, work)
    except Interrupted:
        pass
    except Exception:
        logger.exception("The checkpoint of project %s could not be taken", project_id)


def prune_soon(project_id: UUID, root: str) -> None:
    """Start to make room where the quota is passed. From any thread."""
    _threads.submit(_prune, project_id, root)


def _prune(project_id: UUID, root: str) -> None:
    try:
        mended(quota.enforce, project_id, Repository(project_id, root))
    except Interrupted:
        pass
    except Exception:
        logger.exception("The checkpoints of project %s could not be pruned", project_id)
    finally:
        connection.close()  # it is rarely needed


async def catch_up() -> None:
    """Take what a process left open that died between a turn's end and its tree."""
    for project_id, root in await in_database(checkpoints.unfilled):
        fill_soon(project_id, root)


async def settle() -> None:
    """Wait for what is being taken, for a while; what takes longer is left for the next start."""
    if _tasks:
        await asyncio.wait(_tasks, timeout=SETTLE_S)
    if _tasks:
        interrupt()
        await asyncio.wait(_tasks)


class Beginning:
    """What a turn finds in the workspace. It is looked at while the model is asked, so that the turn's first change
    rarely waits for it."""

    def __init__(self, project_id: UUID, root: str, chat_id: UUID, turn_id: UUID) -> None:
        self.touched = False
        self._place = (project_id, root, turn_id)
        self._chat_id = chat_id
        self._began = time.monotonic()
        self._task = asyncio.create_task(self._begin())

    async def before_change(self) -> None:
        """Return once the files are on record. Call it before each call that may change one."""
        if not self.touched:
            await asyncio.shield(self._task)
            if time.monotonic() - self._began > FRESH_S:
                # The person may have worked on the files while the model thought, or a question waited.
                await asyncio.shield(fill_soon(*self._place, anew=True))
            self.touched = True

    async def _begin(self) -> None:
        project_id, _root, turn_id = self._place
        try:
            await in_database(checkpoints.begin, project_id, self._chat_id, turn_id)
        except IntegrityError:
            logger.info("Turn %s got no checkpoint: it was deleted meanwhile", turn_id)
        except Exception:
            logger.exception("The checkpoint of turn %s could not be begun", turn_id)
        else:
            await fill_soon(*self._place)
