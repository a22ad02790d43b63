"""Copies the rows of a packed SQLite file to PostgreSQL, in the state that their migrations left them."""

import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.server import Server

APPS = ("chats", "snapshots", "traces")
PEOPLE = "auth_user"


def empty(server: Server, postgres: str) -> None:
    """Put an empty database in the place of `server`'s, on the PostgreSQL whose URL is `postgres`."""
    name = urlsplit(server.environment["DATABASE_URL"]).path.strip("/")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")


def copy_rows(database: Path, server: Server) -> None:
    """Migrate `server`'s empty database as far as the SQLite file, and copy the rows of people and of APPS."""
    source = sqlite3.connect(database)
    reached = source.execute("SELECT app, max(name) FROM django_migrations GROUP BY app")
    steps = [f"call_command('migrate', {app!r}, {name!r})" for app, name in reached]
    # In one process, for each loads all of Django.
    server.manage("shell", "-c", "; ".join(["from django.core.management import call_command", *steps]))
    names = [name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    with psycopg.connect(server.environment["DATABASE_URL"], options="-c timezone=UTC") as target:
        # The tables come in any order: foreign keys are checked when the transaction ends.
        for name in names:
            if name == PEOPLE or name.startswith(tuple(f"{app}_" for app in APPS)):
                _copy(source, target, name)
    source.close()


def _copy(source: sqlite3.Connection, target: psycopg.Connection, table: str) -> None:
    rows = source.execute(f'SELECT * FROM "{table}"')
    columns = [column[0] for column in rows.description]
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )
    with target.cursor() as cursor:
        # Texts without a type of their own: PostgreSQL reads each as what its column holds.
        cursor.executemany(insert, [[_as_text(value) for value in row] for row in rows])
        if "id" in columns and (serial := _sequence(target, table)):
            query = sql.SQL("SELECT setval(%s, max(id)) FROM {} HAVING max(id) IS NOT NULL")
            cursor.execute(query.format(sql.Identifier(table)), (serial,))


def _sequence(target: psycopg.Connection, table: str) -> str | None:
    (name,) = target.execute("SELECT pg_get_serial_sequence(%s, 'id')", (table,)).fetchone() or (None,)
    return name


def _as_text(value: object) -> str | bytes | None:
    return value if value is None or isinstance(value, bytes) else str(value)
