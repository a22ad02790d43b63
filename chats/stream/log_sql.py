"""Reads and writes the rows of the log in plain SQL. Sync, inside a transaction.

For a lone session's deltas, nine tenths of a commit would be Django's query compiler.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.utils import timezone

from boocode.db.plain_sql import execute, fetch, placeholders
from chats.models import LogSlice, Project, Session, SessionLog, Turn

LOG_FIELDS = ("session_id", "epoch", "first_epoch", "ord", "heads", "floor", "floors")
Row = tuple[UUID, int, int, str]
"""A slice: session, first and last `ord`, the frames as lines."""


def lock_logs(session_ids: Collection[UUID]) -> dict[UUID, SessionLog]:
    """Lock the logs' rows until the transaction ends. In order of id: two writers then never wait for each other."""
    if not session_ids:
        return {}
    sql = _select_by_ids(SessionLog, LOG_FIELDS, len(session_ids))
    if connection.features.has_select_for_update:
        sql += " FOR UPDATE"
    return {row.pk: row for row in map(_build_log, fetch(sql, *session_ids))}


def read_fences(turn_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the fence of each turn; `turn_ids` must not be empty."""
    return {_to_uuid(pk): fence for pk, fence in fetch(_select_by_ids(Turn, ("id", "fence"), len(turn_ids)), *turn_ids)}


def read_owners(session_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the id of each session's owner; `session_ids` must not be empty."""
    sql = (
        f"SELECT session.id, owner_id FROM {_table(Session)} session"
        f" JOIN {_table(Project)} project ON project.id = session.project_id"
        f" WHERE session.id IN ({placeholders(len(session_ids))})"
    )
    return {_to_uuid(pk): owner_id for pk, owner_id in fetch(sql, *session_ids)}


def append_slices(slices: Iterable[Row], logs: Mapping[UUID, tuple[int, dict[str, int]]]) -> None:
    """Write new slices, and the `ord` and `heads` that each session's log has now.

    Not with `executemany`: psycopg makes a pipeline of it, and PostgreSQL has no time limit for a process that is
    frozen in the middle of one, which would keep the locks for ever.
    """
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    rows = [(*slice, now) for slice in slices]
    positions = [(ord, json.dumps(heads), pk) for pk, (ord, heads) in logs.items()]
    row = f"({placeholders(5)})"
    execute(
        f"INSERT INTO {_table(LogSlice)} (session_id, first_ord, last_ord, frames, created_at)"
        f" VALUES {', '.join([row] * len(rows))}",
        *chain(*rows),
    )
    for position in positions:
        execute(f"UPDATE {_table(SessionLog)} SET ord = %s, heads = %s WHERE session_id = %s", *position)


@cache
def _select_by_ids(model: type[models.Model], fields: tuple[str, ...], count: int) -> str:
    key = fields[0]
    return f"SELECT {', '.join(fields)} FROM {_table(model)} WHERE {key} IN ({placeholders(count)}) ORDER BY {key}"


def _table(model: type[models.Model]) -> str:
    return model._meta.db_table


def _build_log(values: tuple[Any, ...]) -> SessionLog:
    session_id, epoch, first_epoch, ord, heads, floor, floors = values
    return SessionLog.from_db(
        connection.alias,
        LOG_FIELDS,
        (_to_uuid(session_id), _to_uuid(epoch), bool(first_epoch), ord, json.loads(heads), floor, json.loads(floors)),
    )


def _to_uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
