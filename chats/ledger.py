"""The rows of the log, in plain SQL: for a lone session's deltas, nine tenths of a commit would be Django's query
compiler. Sync, inside a transaction."""

import json
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.utils import timezone

from boocode.rows import execute, fetch, marks

from .models import LogSlice, Project, Session, SessionLog, Turn

LOG_FIELDS = ("session_id", "epoch", "first_epoch", "ord", "heads", "floor", "floors")
Row = tuple[UUID, int, int, str]
"""A slice: session, first and last `ord`, the frames."""


def lock_logs(session_ids: Collection[UUID]) -> dict[UUID, SessionLog]:
    """The logs' rows, locked until the transaction ends. In order of id: two writers then never wait for each other."""
    if not session_ids:
        return {}
    sql = _select(SessionLog, LOG_FIELDS, len(session_ids))
    if connection.features.has_select_for_update:
        sql += " FOR UPDATE"
    return {row.pk: row for row in map(_log, fetch(sql, *session_ids))}


def fences(turn_ids: Collection[UUID]) -> dict[UUID, int]:
    """By turn, the number of its owner; at least one turn has to be asked for."""
    return {_uuid(pk): fence for pk, fence in fetch(_select(Turn, ("id", "fence"), len(turn_ids)), *turn_ids)}


def owners(session_ids: Collection[UUID]) -> dict[UUID, int]:
    """By session, the user whose project it is; at least one session has to be asked for."""
    sql = (
        f"SELECT session.id, owner_id FROM {_table(Session)} session"
        f" JOIN {_table(Project)} project ON project.id = session.project_id"
        f" WHERE session.id IN ({marks(len(session_ids))})"
    )
    return {_uuid(pk): owner_id for pk, owner_id in fetch(sql, *session_ids)}


def append(slices: Iterable[Row], logs: Mapping[UUID, tuple[int, dict[str, int]]]) -> None:
    """Write new slices, and where each session's log now stands: its `ord` and `heads`.

    Not with `executemany`: psycopg makes a pipeline of it, and PostgreSQL has no time limit for a process that is
    frozen in the middle of one, which would keep the locks for ever.
    """
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    rows = [(*slice, now) for slice in slices]
    stands = [(ord, json.dumps(heads), pk) for pk, (ord, heads) in logs.items()]
    row = f"({marks(5)})"
    execute(
        f"INSERT INTO {_table(LogSlice)} (session_id, first_ord, last_ord, frames, created_at)"
        f" VALUES {', '.join([row] * len(rows))}",
        *chain(*rows),
    )
    for stand in stands:
        execute(f"UPDATE {_table(SessionLog)} SET ord = %s, heads = %s WHERE session_id = %s", *stand)


@cache
def _select(model: type[models.Model], fields: tuple[str, ...], count: int) -> str:
    key = fields[0]
    return f"SELECT {', '.join(fields)} FROM {_table(model)} WHERE {key} IN ({marks(count)}) ORDER BY {key}"


def _table(model: type[models.Model]) -> str:
    return model._meta.db_table


def _log(values: tuple[Any, ...]) -> SessionLog:
    session_id, epoch, first_epoch, ord, heads, floor, floors = values
    return SessionLog.from_db(
        connection.alias,
        LOG_FIELDS,
        (_uuid(session_id), _uuid(epoch), bool(first_epoch), ord, json.loads(heads), floor, json.loads(floors)),
    )


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
