"""Commits entries of many sessions, and the rows that change with them, in one transaction."""

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

from boocode.db.threads import call_reconnecting
from chats.models import LogSlice, SessionLog

from . import log, log_sql
from .frames import AgentStatusUpdated, Logged
from .sequencing import Entries

logger = logging.getLogger(__name__)

T = TypeVar("T")
RETRY_PAUSES_S = (0.05, 0.1, 0.2, 0.5)
LONGEST_PAUSE_S = 1.0
CHANGES_WAIT_S = 30.0


class Fenced(Exception):
    """Is raised when a write is refused because the turn belongs to another process by now."""


class SessionGone(Exception):
    """Is raised when the session was deleted."""


@dataclass(frozen=True)
class Fence:
    """Gives the right to write for a turn, as its owner number `number`."""

    turn_id: UUID
    number: int


Change = Callable[[SessionLog], tuple[T, Sequence[Logged]]]
"""Changes rows; returns a result and the frames that show the change. Gets the log as of that moment."""


@dataclass
class PendingWrite:
    """Waits to be committed: a frame, or a change whose result `done` gets."""

    session_id: UUID
    payload: Logged | Change[Any]
    fence: Fence | None
    done: asyncio.Future[Any] | None = None
    result: Any = None
    failure: Exception | None = None
    is_abandoned: bool = False


@dataclass(frozen=True)
class Committed:
    """Describes what was committed to one session's log. `owner_lines`: frames for the owner's user sockets."""

    session_id: UUID
    epoch: str
    entries: Entries
    owner_id: int = 0
    owner_lines: list[str] = field(default_factory=list)


class SessionAppend:
    """Collects what one session's log gets in this transaction, which holds the log's lock."""

    def __init__(self, row: SessionLog) -> None:
        self.row = row
        self.statuses: list[AgentStatusUpdated] = []
        self._first_ord = row.ord + 1
        self._lines: list[str] = []
        self._frames: list[Logged] = []

    def add_frames(self, frames: Iterable[Logged]) -> None:
        """Add frames after those that were added before."""
        for frame in frames:
            self._frames.append(frame)
            if isinstance(frame, AgentStatusUpdated):
                self.statuses.append(frame)

    def number_frames(self) -> SessionLog:
        """Number the frames added so far. Returns the log's row, moved on to the last of them."""
        self._lines += log.append_frames(self.row, self._frames).lines
        self._frames = []
        return self.row

    def number_all(self) -> Entries:
        """Return everything that was added, as numbered entries."""
        row = self.number_frames()
        return Entries(self._first_ord, self._lines, row.heads)


def write_appends(appends: Iterable[SessionAppend]) -> list[Committed]:
    """Write the entries, inside the transaction that locked their logs; nothing for a session that has none."""
    written = [(append, entries) for append in appends if (entries := append.number_all()).lines]
    if written:
        log_sql.append_slices(
            [row for append, entries in written for row in log.build_slices(append.row.pk, entries)],
            {append.row.pk: (entries.last_ord, entries.heads) for append, entries in written},
        )
    with_status = [append.row.pk for append, _entries in written if append.statuses]
    owners = log_sql.read_owners(with_status) if with_status else {}
    return [_describe(append, entries, owners) for append, entries in written]


def _describe(append: SessionAppend, entries: Entries, owners: dict[UUID, int]) -> Committed:
    pk = append.row.pk
    lines = [status.encode_for_user(pk) for status in append.statuses]
    return Committed(pk, str(append.row.epoch), entries, owners.get(pk, 0), lines)


class Batch:
    """Commits writes together; one that fails does not undo the others."""

    def __init__(self, writes: list[PendingWrite]) -> None:
        self.writes = writes
        self._attempt: list[Committed] = []

    def commit(self) -> list[Committed]:
        """Try to commit once.

        Raises OperationalError or InterfaceError: then it is not known whether the commit happened, and the next call
        finds out.
        """
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
            rows = log.lock(write.session_id for write in self.writes)
            appends = {pk: SessionAppend(row) for pk, row in rows.items()}
            fences = self._fences()
            for write in self.writes:
                if not write.is_abandoned:
                    _apply(write, appends.get(write.session_id), fences, together)
            self._attempt = write_appends(appends.values())

    def _is_there(self, committed: Committed) -> bool:
        """Tell whether the last attempt was committed although its answer was lost."""
        session_id, first_ord, _, frames = log.build_slices(committed.session_id, committed.entries)[0]
        return LogSlice.objects.filter(session_id=session_id, first_ord=first_ord, frames=frames).exists()

    def _fences(self) -> dict[UUID, int]:
        turns = {write.fence.turn_id for write in self.writes if write.fence}
        return log_sql.read_fences(turns) if turns else {}

    def fail_changes(self, error: Exception) -> None:
        """Fail the changes. Frames stay: a client's text must not have a hole."""
        for write in self.writes:
            if write.done is not None:
                write.is_abandoned, write.failure = True, error


class _ChangeFailed(Exception):
    """Is raised when all writes have to be applied again, each change in a savepoint of its own.

    Savepoints at the first try would cost a tenth of a commit, for what hardly ever happens.
    """


def _apply(write: PendingWrite, append: SessionAppend | None, fences: dict[UUID, int], together: bool) -> None:
    write.result = write.failure = None
    if append is None:
        write.failure = SessionGone(write.session_id)
    elif write.fence and fences.get(write.fence.turn_id) != write.fence.number:
        write.failure = Fenced(write.fence)
    elif isinstance(write.payload, Logged):
        append.add_frames([write.payload])
    else:
        try:
            with nullcontext() if together else transaction.atomic():
                write.result, frames = write.payload(append.number_frames())
            append.add_frames(frames)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            if together:
                raise _ChangeFailed from error
            write.failure = error


def commit_with_retries(batch: Batch, ending: threading.Event) -> list[Committed]:
    """Commit, and try again while the database is away: a text with a hole would be worse than a turn that waits.

    Where the database is there and refuses nevertheless, the changes fail after CHANGES_WAIT_S, so that one that can't
    work does not hold up the others. Once `ending` is set, raises what the database raised.
    """
    began = time.monotonic()
    for pause in chain(RETRY_PAUSES_S, repeat(LONGEST_PAUSE_S)):
        try:
            return call_reconnecting(batch.commit)
        except (OperationalError, InterfaceError) as error:
            if ending.is_set():
                raise
            logger.warning("The database did not commit, trying again: %s", error)
            if time.monotonic() - began > CHANGES_WAIT_S and _database_answers():
                batch.fail_changes(error)
            ending.wait(pause)
    raise AssertionError("repeat() has no end")


def _database_answers() -> bool:
    try:
        call_reconnecting(connection.ensure_connection)
        return connection.is_usable()
    except (OperationalError, InterfaceError):
        return False
