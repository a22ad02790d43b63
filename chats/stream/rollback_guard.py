"""Notices at the start that an older database was put back, or that a power cut took the end of the log.

A file beside the database, the mark, says how far the log had come. Clients may otherwise hold entries that are no
longer in the log, and whose numbers new entries get.
"""

import logging
import os
import time
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction

from chats.models import LogSlice, SessionLog

logger = logging.getLogger(__name__)

FILE = "log_mark"
SLACK_S = 2.0
_TABLE = LogSlice._meta.db_table
_UNTRUSTED = 2**63
_written = -1


def check_mark() -> None:
    """Give every session a new epoch if the log is behind the mark; at the start, before any client is answered.

    A needless epoch costs clients a snapshot. Blocks.
    """
    if _is_behind(_read_mark(), _read_last_id()):
        logger.warning("An older database was put back: clients load all sessions anew")
        with transaction.atomic():
            # In the writers' order (see log_sql.lock_logs): on PostgreSQL other servers may be at work.
            list(SessionLog.objects.select_for_update().order_by("pk").values_list("pk"))
            SessionLog.objects.update(epoch=uuid4(), first_epoch=False)
    _skip_id()
    write_mark()


def write_mark() -> None:
    """Write how far the log reaches. Blocks; a disk that is full is a warning, for turns go on without the mark."""
    global _written
    reached = _read_last_id()
    if reached == _written:
        return
    try:
        # In place and of one length: another server that reads meanwhile finds the old mark or the new one.
        file = os.open(settings.DATA_DIR / FILE, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(file, f"{reached:020} {time.time_ns():020}\n".encode())
        finally:
            os.close(file)
        _written = reached
    except OSError as error:
        logger.warning("The log's mark can't be written: %s", error)


def _read_mark() -> int | None:
    """Read the mark; None where there is none yet, more than any log has where it can't be trusted."""
    path = settings.DATA_DIR / FILE
    try:
        reached, at_ns = map(int, path.read_text().split())
    except FileNotFoundError:
        return None
    except ValueError:
        return _UNTRUSTED
    # Copied back with all the rest of a data directory, it would agree with the database; but not with its own ctime,
    # which no copy can set.
    copied = abs(path.stat().st_ctime_ns - at_ns) > SLACK_S * 1e9
    return _UNTRUSTED if copied else reached


def _is_behind(mark: int | None, reached: int) -> bool:
    return mark is not None and reached < mark


def _read_last_id() -> int:
    """Read the highest id that a slice ever got; deleting sessions does not lower it."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [_TABLE])
        else:
            cursor.execute("SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id'))", [_TABLE])
        row = cursor.fetchone()
    return row[0] or 0 if row else 0


def _skip_id() -> None:
    """Skip an id at each start: a copy from before the start is then behind the mark, however soon this server dies."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = %s", [_TABLE])
        else:
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [_TABLE])
