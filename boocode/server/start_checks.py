"""Looks, before a server starts, whether its data can be used, and tells in a sentence what to do where they can't."""

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from uuid6 import uuid7

from chats.models import DataDirectory

logger = logging.getLogger(__name__)

MIGRATIONS = "django_migrations"
MIGRATION_LOCK = 0x626F6F
"""The key of PostgreSQL's advisory lock under which one server migrates and the others wait."""

MISSING_TOOLS = {
    "git": "files can't be restored, and changes are not shown",
    "rg": "ripgrep; searches take longer",
    "bwrap": "bubblewrap; commands run without a sandbox",
}


@contextmanager
def explain_database_errors() -> Iterator[None]:
    """Turn what the database raises into ImproperlyConfigured with a sentence that says what to do."""
    try:
        yield
    except (DatabaseError, InterfaceError, sqlite3.DatabaseError, OSError) as error:
        reason = str(error).strip().partition("\n")[0]
        if not settings.ON_SQLITE:
            database = settings.DATABASES["default"]
            place = f"{database['HOST'] or 'this machine'}:{database['PORT'] or 5432}"
            raise ImproperlyConfigured(
                f"The database {database['NAME']} at {place} can't be used: {reason}. "
                "Start it, or mend DATABASE_URL, and start BooCode again."
            ) from None
        raise ImproperlyConfigured(_describe_sqlite_error(reason)) from None


def _describe_sqlite_error(reason: str) -> str:
    path = _sqlite_path()
    if "disk is full" in reason or "disk I/O" in reason:
        return f"The disk with {path} is full or fails ({reason}). Free some space and start BooCode again."
    if any(words in reason for words in ("readonly", "unable to open", "Permission", "Is a directory")):
        return f"{path} can't be written to ({reason}). Give this user the right to, or set BOOCODE_DATA_DIR."
    if "locked" in reason:
        return f"{path} is locked by another program. End it, and start BooCode again."
    return _describe_broken(reason)


def _describe_broken(reason: str) -> str:
    path = _sqlite_path()
    backups = sorted(path.parent.glob(f"{path.stem}-before-*{path.suffix}"), key=lambda file: file.stat().st_mtime)
    if backups:
        remedy = f"The newest backup is {backups[-1]}: to go back to it, put it in the place of the broken file"
    else:
        remedy = "There is no backup of it here. To begin anew, move it away"
    return f"The database {path} is broken or of another program ({reason}). {remedy}, and start BooCode again."


def _sqlite_path() -> Path:
    return Path(settings.DATABASES["default"]["NAME"])


def check_database() -> None:
    """Raise ImproperlyConfigured where the database is broken, half there, of another program or of a newer BooCode."""
    with explain_database_errors():
        tables, applied = _read_sqlite(_sqlite_path()) if settings.ON_SQLITE else _read_postgres()
    ours = {config.label for config in apps.get_app_configs()}
    if tables and not any(app == "chats" for app, _ in applied):
        raise ImproperlyConfigured(
            f"The database {connection.settings_dict['NAME']} holds another program's tables, such as {tables[0]}. "
            "Give BooCode one of its own: BOOCODE_DATA_DIR or DATABASE_URL."
        )
    known = set(MigrationLoader(None).disk_migrations)
    newer = sorted(f"{app}.{name}" for app, name in applied if app in ours and (app, name) not in known)
    if newer:
        raise ImproperlyConfigured(
            f"The database was written by a newer BooCode (it has {newer[-1]}). "
            "Start that version or a later one; this one could damage it."
        )


Migrations = list[tuple[str, str]]
"""Those that were applied: their apps and names."""


def _read_postgres() -> tuple[list[str], Migrations]:
    tables = connection.introspection.table_names()
    return tables, list(MigrationRecorder(connection).applied_migrations()) if MIGRATIONS in tables else []


def _read_sqlite(path: Path) -> tuple[list[str], Migrations]:
    """Read past Django, whose connection writes to the file as it is opened: it may be another program's."""
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        return [], []
    _check_sqlite_size(path)
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return tables, list(database.execute(f"SELECT app, name FROM {MIGRATIONS}")) if MIGRATIONS in tables else []


def _check_sqlite_size(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(100)
    page_size = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    wal = path.with_name(f"{path.name}-wal")
    has_wal = wal.exists() and wal.stat().st_size
    # With a write-ahead log the file may be behind; SQLite itself finds out then.
    if not has_wal and path.stat().st_size < pages * (65536 if page_size == 1 else page_size):
        raise sqlite3.DatabaseError("a part of the file is missing")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one server at a time prepare the database; on SQLite the lock of the data directory does."""
    if settings.ON_SQLITE:
        yield
        return
    with explain_database_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def back_up(executor: MigrationExecutor) -> None:
    """Copy an SQLite database that is about to be migrated, to a file beside it; the last two are kept."""
    path = _sqlite_path()
    applied = [name for app, name in executor.loader.applied_migrations if app == "chats"]
    if not settings.ON_SQLITE or not applied or not path.exists():
        return
    if shutil.disk_usage(path.parent).free < 2 * path.stat().st_size:
        logger.warning("There is no room for a backup of %s before it is migrated.", path)
        return
    copy = path.with_name(f"{path.stem}-before-the-update-from-{max(applied)}{path.suffix}")
    connection.ensure_connection()
    with closing(sqlite3.connect(copy)) as target:
        connection.connection.backup(target)
    copy.chmod(0o600)
    older = sorted(path.parent.glob(f"{path.stem}-before-*{path.suffix}"), key=lambda file: file.stat().st_mtime)[:-2]
    for file in older:
        file.unlink()


def check_data_directory() -> None:
    """Raise ImproperlyConfigured where another data directory belongs to this PostgreSQL database.

    Outputs, trees of files and restores are in the directory: servers with one each would not find each other's.
    """
    if settings.ON_SQLITE:
        return
    mark = settings.DATA_DIR / "directory_id"
    here = _read_id(mark)
    with explain_database_errors(), transaction.atomic():
        known = DataDirectory.objects.first()
        if known is None:
            known = DataDirectory.objects.create(id=here or uuid7())
            mark.write_text(f"{known.pk}\n")
    if _read_id(mark) != known.pk:
        raise ImproperlyConfigured(
            f"This database belongs to another data directory than {settings.DATA_DIR}: all servers of one database "
            f"share one, set by BOOCODE_DATA_DIR. If this one takes the other's place, write {known.pk} into {mark}."
        )


def _read_id(mark: Path) -> UUID | None:
    try:
        return UUID(mark.read_text().strip())
    except (FileNotFoundError, ValueError):
        return None


def find_missing_tools() -> list[str]:
    """Say which programs are missing on this machine, each with what that means."""
    return [f"{name} ({meaning})" for name, meaning in MISSING_TOOLS.items() if shutil.which(name) is None]


def find_missing_roots() -> list[Path]:
    """Return the allowed roots that are no folders."""
    return [root for root in settings.ALLOWED_ROOTS if not root.is_dir()]
