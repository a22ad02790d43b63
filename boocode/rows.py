"""Rows in plain SQL, on the ways that every step of every turn takes: Django's query compiler takes ten times as long
to find the words as the database to do what they say. Sync, inside a transaction."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model

M = TypeVar("M", bound=Model)


def get(model: type[M], key: UUID) -> M | None:
    """The row with this id."""
    meta = model._meta
    found = model._default_manager.raw(f"SELECT * FROM {meta.db_table} WHERE {meta.pk.column} = %s", [plain_key(key)])
    return next(iter(found), None)


def insert(row: M) -> M:
    """Write a new row whose id is known."""
    fields = _fields(type(row)).values()
    columns, marks = ", ".join(str(field.column) for field in fields), ", ".join(["%s"] * len(fields))
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    execute(f"INSERT INTO {row._meta.db_table} ({columns}) VALUES ({marks})", *values)
    row._state.adding, row._state.db = False, connection.alias
    return row


def update(model: type[Model], key: UUID, values: Mapping[str, Any]) -> None:
    """Write these fields of the row with this id."""
    fields, meta = _fields(model), model._meta
    settings = ", ".join(f"{fields[name].column} = %s" for name in values)
    prepared = [fields[name].get_db_prep_save(value, connection) for name, value in values.items()]
    execute(f"UPDATE {meta.db_table} SET {settings} WHERE {meta.pk.column} = %s", *prepared, key)


def execute(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [plain_key(value) if isinstance(value, UUID) else value for value in values])


def plain_key(value: UUID) -> UUID | str:
    """An id as the database has it: SQLite has no type for it."""
    return value if connection.features.has_native_uuid_field else value.hex


@cache
def _fields(model: type[Model]) -> dict[str, "Field[Any, Any]"]:
    return {field.name: field for field in model._meta.local_concrete_fields}
