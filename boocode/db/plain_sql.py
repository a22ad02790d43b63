"""Reads and writes rows in plain SQL, for what every step of every turn does. Sync, inside a transaction.

Django's query compiler takes ten times as long to build such a statement as the database to run it.
"""

import threading
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, DateTimeField, Field, JSONField, Model, UUIDField

M = TypeVar("M", bound=Model)
PLAIN = (str, int, float)
CONVERTED = (BooleanField, DateTimeField, JSONField, UUIDField)

_own = threading.local()


def insert(row: M, replacing: tuple[str, ...] = ()) -> M:
    """Insert a row whose id is known. Where there is one with this id, its fields `replacing` get the new values."""
    fields, database = _get_fields(type(row)).values(), _get_database()
    values = [_prepare(field, field.pre_save(row, add=True), database) for field in fields]
    _run(database, _build_insert(type(row), replacing), values)
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


def update(model: type[Model], key: UUID, values: Mapping[str, Any]) -> None:
    """Update these fields of the row with this id."""
    fields, meta, database = _get_fields(model), model._meta, _get_database()
    settings = ", ".join(f"{fields[name].column} = %s" for name in values)
    prepared = [_prepare(fields[name], value, database) for name, value in values.items()]
    _run(database, f"UPDATE {meta.db_table} SET {settings} WHERE {meta.pk.column} = %s", [*prepared, key])


def execute(sql: str, *values: Any) -> None:
    """Run a statement that returns no rows."""
    _run(_get_database(), sql, values)


def fetch(sql: str, *values: Any) -> list[Any]:
    """Fetch rows as tuples of the values that the database's driver gives: JSON is text."""
    return _run(_get_database(), sql, values).fetchall()


def placeholders(count: int) -> str:
    """Return the placeholders for that many values."""
    return ", ".join(["%s"] * count)


def adapt_key(value: UUID) -> UUID | str:
    """Convert an id to what the database keeps: SQLite has no type for it."""
    return value if _get_database().features.has_native_uuid_field else value.hex


def _run(database: BaseDatabaseWrapper, sql: str, values: Iterable[Any]) -> CursorWrapper:
    cursor = _get_cursor(database)
    if not database.features.has_native_uuid_field:
        values = [value.hex if isinstance(value, UUID) else value for value in values]
    cursor.execute(sql, list(values))
    return cursor


def _get_database() -> BaseDatabaseWrapper:
    # Django's `connection` looks this up again for every attribute.
    return connections[DEFAULT_DB_ALIAS]


def _get_cursor(database: BaseDatabaseWrapper) -> CursorWrapper:
    """Return this thread's own cursor: making one takes as long as a statement."""
    if database.connection is None or database.queries_logged:
        return database.cursor()
    if getattr(_own, "connection", None) is not database.connection:
        _own.connection, _own.cursor = database.connection, database.cursor()
    cursor: CursorWrapper = _own.cursor
    return cursor


def _prepare(field: "Field[Any, Any]", value: Any, database: BaseDatabaseWrapper) -> Any:
    if value is None or (type(value) in PLAIN and not isinstance(field, CONVERTED)):
        return value
    return field.get_db_prep_save(value, database)


@cache
def _get_fields(model: type[Model]) -> dict[str, "Field[Any, Any]"]:
    return {field.name: field for field in model._meta.local_concrete_fields}


@cache
def _build_insert(model: type[Model], replacing: tuple[str, ...]) -> str:
    fields, meta = _get_fields(model), model._meta
    columns = ", ".join(str(field.column) for field in fields.values())
    statement = f"INSERT INTO {meta.db_table} ({columns}) VALUES ({placeholders(len(fields))})"
    if not replacing:
        return statement
    settings = ", ".join(f"{column} = excluded.{column}" for column in (fields[name].column for name in replacing))
    return f"{statement} ON CONFLICT ({meta.pk.column}) DO UPDATE SET {settings}"
