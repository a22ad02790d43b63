"""Rows in plain SQL, on the ways that every step of every turn takes: Django's query compiler takes ten times as long
to find the words as the database to do what they say. Sync, inside a transaction."""

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


def insert(row: M) -> M:
    """Write a new row whose id is known."""
    fields, database = _fields(type(row)).values(), _database()
    values = [_prepared(field, field.pre_save(row, add=True), database) for field in fields]
    _run(database, _insert(type(row)), values)
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


def update(model: type[Model], key: UUID, values: Mapping[str, Any]) -> None:
    """Write these fields of the row with this id."""
    fields, meta, database = _fields(model), model._meta, _database()
    settings = ", ".join(f"{fields[name].column} = %s" for name in values)
    prepared = [_prepared(fields[name], value, database) for name, value in values.items()]
    _run(database, f"UPDATE {meta.db_table} SET {settings} WHERE {meta.pk.column} = %s", [*prepared, key])


def execute(sql: str, *values: Any) -> None:
    _run(_database(), sql, values)


def fetch(sql: str, *values: Any) -> list[Any]:
    """The rows as tuples of what the database's driver makes of each column: JSON is text."""
    return _run(_database(), sql, values).fetchall()


def marks(count: int) -> str:
    """Where that many values go."""
    return ", ".join(["%s"] * count)


def plain_key(value: UUID) -> UUID | str:
    """An id as the database has it: SQLite has no type for it."""
    return value if _database().features.has_native_uuid_field else value.hex


def _run(database: BaseDatabaseWrapper, sql: str, values: Iterable[Any]) -> CursorWrapper:
    cursor = _cursor(database)
    if not database.features.has_native_uuid_field:
        values = [value.hex if isinstance(value, UUID) else value for value in values]
    cursor.execute(sql, list(values))
    return cursor


def _database() -> BaseDatabaseWrapper:
    # Django's `connection` looks this up again for every attribute.
    return connections[DEFAULT_DB_ALIAS]


def _cursor(database: BaseDatabaseWrapper) -> CursorWrapper:
    """This thread's own: making one takes as long as what it does."""
    if database.connection is None or database.queries_logged:
        return database.cursor()
    if getattr(_own, "connection", None) is not database.connection:
        _own.connection, _own.cursor = database.connection, database.cursor()
    cursor: CursorWrapper = _own.cursor
    return cursor


def _prepared(field: "Field[Any, Any]", value: Any, database: BaseDatabaseWrapper) -> Any:
    if value is None or (type(value) in PLAIN and not isinstance(field, CONVERTED)):
        return value
    return field.get_db_prep_save(value, database)


@cache
def _fields(model: type[Model]) -> dict[str, "Field[Any, Any]"]:
    return {field.name: field for field in model._meta.local_concrete_fields}


@cache
def _insert(model: type[Model]) -> str:
    columns = [str(field.column) for field in _fields(model).values()]
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES ({marks(len(columns))})"
