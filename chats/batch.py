"""What goes to the log in one transaction: entries of many sessions, and the rows that change with them."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, TypeVar
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction

from boocode.database import mended

from . import ledger, log
from .models import LogSlice, SessionLog
from .stream import Placed
from .wire import AgentStatusUpdated, Logged

logger = logging.getLogger(__name__)

T = TypeVar("T")
RETRY_PAUSES_S = (0.05, 0.1, 0.2, 0.5)
LONGEST_PAUSE_S = 1.0
CHANGES_WAIT_S = 30.0


class Fenced(Exception):
    """The turn belongs to another process by now; this one's write was refused."""


class SessionGone(Exception):
    """The session was deleted."""


@dataclass(frozen=True)
class Fence:
    """The right to write for a turn, as its owner number `number`."""

    turn_id: UUID
    number: int


Change = Callable[[SessionLog], tuple[T, Sequence[Logged]]]
"""Changes rows, and gives a result and the frames that tell of it. It is handed the log as it stands at that moment."""


@dataclass
class Work:
    """Something to commit: a frame that nobody waits for, or a change that somebody does."""

    session_id: UUID
    what: Logged | Change[Any]
    fence: Fence | None
    done: asyncio.Future[Any] | None = None
    outcome: Any = None
    failure: Exception | None = None
    given_up: bool = False


@dataclass(frozen=True)
class News:
    """What was committed to one session's log. `for_owner`: frames for the owner's own sockets, as JSON text."""

    session_id: UUID
    epoch: str
    placed: Placed
    owner_id: int = 0
    for_owner: list[str] = field(default_factory=list)


class Draft:
    """What one session gets in this transaction, which holds the lock of its log."""

    def __init__(self, row: SessionLog) -> None:
        self.row = row
        self.statuses: list[AgentStatusUpdated] = []
        self._first_ord = row.ord + 1
        self._lines: list[str] = []
        self._frames: list[Logged] = []

    def add(self, frames: Iterable[Logged]) -> None:
        for frame in frames:
            self._frames.append(frame)
            if isinstance(frame, AgentStatusUpdated):
                self.statuses.append(frame)

    def place(self) -> SessionLog:
        """Give what was added its place; the log's row then stands where the next entry will come."""
        placed = log.place(self.row, self._frames)
        self._lines += placed.lines
        self._frames = []
        return self.row

    def placed(self) -> Placed:
        row = self.place()
        return Placed(self._first_ord, self._lines, row.heads)


def write(drafts: Iterable[Draft]) -> list[News]:
    """Write the drafts' entries, inside the transaction that locked their logs; nothing for a draft that has none."""
    placed = [(draft, piece) for draft in drafts if (piece := draft.placed()).lines]
    if placed:
        ledger.append(
            [row for draft, piece in placed for row in log.slices_of(draft.row.pk, piece)],
            {draft.row.pk: (piece.last_ord, piece.heads) for draft, piece in placed},
        )
    speaking = [draft.row.pk for draft, _piece in placed if draft.statuses]
    owners = ledger.owners(speaking) if speaking else {}
    return [_news(draft, piece, owners) for draft, piece in placed]


def _news(draft: Draft, piece: Placed, owners: dict[UUID, int]) -> News:
    pk = draft.row.pk
    lines = [status.for_user(pk) for status in draft.statuses]
    return News(pk, str(draft.row.epoch), piece, owners.get(pk, 0), lines)


class Batch:
    """Works that are committed together; one that fails takes nothing of the others along."""

    def __init__(self, works: list[Work]) -> None:
        self.works = works
        self._attempt: list[News] = []

    def commit(self) -> list[News]:
        """Commit once. Raises OperationalError or InterfaceError; then it may or may not have happened, and the next
        call finds out."""
        if self._attempt and self._is_there(self._attempt[0]):
            return self._attempt
        self._attempt = []
        try:
            self._commit(together=True)
        except _ChangeFailed:
            self._commit(together=False)
        return self._attempt

    def _commit(self, *, together: bool) -> None:
        with transaction.atomic():
            rows = log.lock(work.session_id for work in self.works)
            drafts = {pk: Draft(row) for pk, row in rows.items()}
            fences = self._fences()
            for work in self.works:
                if not work.given_up:
                    _apply(work, drafts.get(work.session_id), fences, together)
            self._attempt = write(drafts.values())

    def _is_there(self, news: News) -> bool:
        """Whether the last attempt was committed although its answer was lost."""
        session_id, first_ord, _, frames = log.slices_of(news.session_id, news.placed)[0]
        return LogSlice.objects.filter(session_id=session_id, first_ord=first_ord, frames=frames).exists()

    def _fences(self) -> dict[UUID, int]:
        turns = {work.fence.turn_id for work in self.works if work.fence}
        return ledger.fences(turns) if turns else {}

    def give_up_changes(self, error: Exception) -> None:
        """Fail what somebody waits for. Frames stay: a client's text must not have a hole."""
        for work in self.works:
            if work.done is not None:
                work.given_up, work.failure = True, error


class _ChangeFailed(Exception):
    """All has to be done again, each change with a savepoint of its own: a tenth of what a commit costs, for what never
    happens."""


def _apply(work: Work, draft: Draft | None, fences: dict[UUID, int], together: bool) -> None:
    work.outcome = work.failure = None
    if draft is None:
        work.failure = SessionGone(work.session_id)
    elif work.fence and fences.get(work.fence.turn_id) != work.fence.number:
        work.failure = Fenced(work.fence)
    elif isinstance(work.what, Logged):
        draft.add([work.what])
    else:
        try:
            with nullcontext() if together else transaction.atomic():
                work.outcome, frames = work.what(draft.place())
            draft.add(frames)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            if together:
                raise _ChangeFailed from error
            work.failure = error


def commit_patiently(batch: Batch, ending: threading.Event) -> list[News]:
    """Commit; where the database is away try again, for as long as it takes: a text with a hole would be worse than a
    turn that waits. Where the database is there and refuses nevertheless, the changes fail in the end, so that one that
    can't work does not hold up the others. Raises what the database raised, once `ending` is set."""
    began = time.monotonic()
    for pause in chain(RETRY_PAUSES_S, repeat(LONGEST_PAUSE_S)):
        try:
            return mended(batch.commit)
        except (OperationalError, InterfaceError) as error:
            if ending.is_set():
                raise
            logger.warning("The database did not commit, trying again: %s", error)
            if time.monotonic() - began > CHANGES_WAIT_S and _database_answers():
                batch.give_up_changes(error)
            ending.wait(pause)
    raise AssertionError("repeat() has no end")


def _database_answers() -> bool:
    try:
        mended(connection.ensure_connection)
        return connection.is_usable()
    except (OperationalError, InterfaceError):
        return False
