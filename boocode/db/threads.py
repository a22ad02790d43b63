"""Runs database work for async code: one call for each use case, on threads of our own.

Not `database_sync_to_async`: its one thread-sensitive thread serves all sync code of the process, so that one slow
call would hold up every socket, and it closes SQLite's connection, and with it the WAL, after each call.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

P = ParamSpec("P")
T = TypeVar("T")

IDLE_S = 1.0
_last_call = threading.local()
_readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="database")


async def in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run database work on one of the database threads; raises what the work raises."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_readers, lambda: call_reconnecting(function, *args, **kwargs))


def call_reconnecting(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` over a connection that works.

    A connection that broke while it was idle is replaced before the call. One that breaks during the call is dropped,
    so that the thread's next call gets a new one.
    """
    _check_after_idling()
    try:
        return function(*args, **kwargs)
    except (OperationalError, InterfaceError):
        if not connection.in_atomic_block:
            connection.close()
        raise
    finally:
        _last_call.at = time.monotonic()


def _check_after_idling() -> None:
    """Close an idle connection that broke. Django checks at the end of a request, which these threads never see."""
    idle = time.monotonic() - getattr(_last_call, "at", 0.0) > IDLE_S
    if idle and connection.connection is not None and not connection.in_atomic_block and not connection.is_usable():
        connection.close()


@contextmanager
def consistent_reads() -> Iterator[None]:
    """Let all reads inside see the database as of one moment, without delaying writers.

    Django's `atomic` would not do: on SQLite it takes the write lock (BEGIN IMMEDIATE), on PostgreSQL each statement
    sees what was committed before it began.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("COMMIT")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def empty_wal() -> None:
    """Move SQLite's write-ahead log into the database file, as far as no reader or writer is in the way.

    To be called each second: a commit that does it takes 10 ms more.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
