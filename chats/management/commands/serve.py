"""Everything between `make run` and the first page: database, files, first user, a way in, the server."""

import asyncio
import fcntl
import gc
import hashlib
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import IO, Any

import sniffio
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from twisted.internet.defer import Deferred

from boocode.authentication import new_login_link, public_url
from boocode.compression import compress_sockets
from boocode.settings import is_loopback
from chats.models import Project
from chats.providers.registry import warm_up

MAX_INBOUND_BYTES = 8 * 1024 * 1024
"""What is too large shall get an error frame that says so; only beyond this the socket is cut."""


class Command(BaseCommand):
    help = "Start BooCode on HOST:PORT: migrate, make the user admin, print a one-time login link, serve."
    requires_system_checks = ()
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        lock = hold_data_directory()
        migrate()
        collect_static()
        admin = ensure_admin()
        self.banner(admin)
        serve(self.fail_to_listen)
        lock.close()
        if self.listen_error:
            raise CommandError(self.listen_error)

    listen_error = ""

    def fail_to_listen(self, reason: str) -> None:
        self.listen_error = (
            f"Can't listen on {settings.HOST}:{settings.PORT}: {reason} "
            "Another program may use the port; choose another one: PORT=8001 make run"
        )

    def banner(self, admin: User) -> None:
        lines = ["", f"BooCode serves {public_url()}", f"  Log in (works once):  {new_login_link(admin)}"]
        if not Project.objects.exists():
            lines.append("  First time? The page offers to make a small sample project to try it on.")
        lines.append(f"  Data: {settings.DATA_DIR}   Stop: Ctrl-C")
        self.stdout.write("\n".join([*lines, ""]))
        self.stdout.flush()


def hold_data_directory() -> IO[str]:
    """On SQLite one process owns the data directory, and takes over what an earlier one left unfinished."""
    with suppress(PermissionError):  # a directory that several users share is theirs to keep
        settings.DATA_DIR.chmod(0o700)
    file = (settings.DATA_DIR / "serve.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if settings.ON_SQLITE:
            raise CommandError(
                f"Another BooCode runs on {settings.DATA_DIR}. "
                "Stop it, or give this one a directory of its own: BOOCODE_DATA_DIR=… PORT=8001 make run"
            ) from None
    return file


def migrate() -> None:
    """Bring the database up to date; looking alone costs a tenth of the command."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)


def collect_static() -> None:
    """Collect the static files where any of them changed since the last time."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = os.stat(storage.path(path))
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    stamp = settings.STATIC_ROOT / ".stamp"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        call_command("collectstatic", verbosity=0, interactive=False)
        stamp.write_text(digest.hexdigest())


def ensure_admin() -> User:
    """The first user. Raises CommandError where strangers could reach a server that nobody has to log in to."""
    users = get_user_model().objects
    admin = users.filter(username="admin").first() or users.create_superuser("admin")
    if settings.ADMIN_PASSWORD and not admin.check_password(settings.ADMIN_PASSWORD):
        admin.set_password(settings.ADMIN_PASSWORD)
        admin.save(update_fields=["password"])
    if not is_loopback(settings.HOST) and not admin.has_usable_password():
        raise CommandError(
            f"HOST={settings.HOST} can be reached from other machines, and the user admin has no password. "
            "Set BOOCODE_ADMIN_PASSWORD to a good one, or leave HOST at 127.0.0.1."
        )
    return admin


class ReportingServer(Server):
    """daphne's server, which tells why it could not listen instead of logging it, and ends in order."""

    def __init__(self, on_listen_error: Any, shutdown: Callable[[], Awaitable[None]], **options: Any) -> None:
        super().__init__(**options)
        self.on_listen_error = on_listen_error
        self.shutdown = shutdown

    def listen_error(self, failure: Any) -> None:
        self.on_listen_error(failure.getErrorMessage())
        self.stop()

    def kill_all_applications(self) -> Any:
        """daphne's word for the end, and its first step: whoever is still at work after `shutdown` is cut off."""
        return Deferred.fromFuture(asyncio.ensure_future(self.shutdown())).addBoth(self._cut_off)

    def _cut_off(self, result: Any) -> Any:
        return super().kill_all_applications().addBoth(lambda _: result)


def serve(on_listen_error: Any) -> None:
    """Serve until SIGINT or SIGTERM; then close the sockets, stop the turns and commit what was said."""
    from boocode.asgi import application, shutdown
    from chats.runner import start_once

    def start() -> None:
        compress_sockets(server.ws_factory)
        # The HTTP client asks at each of its steps which library it runs under, and finding out is a tenth of its work.
        sniffio.thread_local.name = "asyncio"
        loop = asyncio.get_event_loop()
        starting = loop.create_task(start_once())
        starting.add_done_callback(lambda task: task.result())
        gc.freeze()  # all that is loaded by now stays: no collection looks at it again
        loop.run_in_executor(None, warm_up, settings.MODELS)

    server = ReportingServer(
        on_listen_error,
        shutdown,
        application=application,
        endpoints=build_endpoint_description_strings(host=settings.HOST, port=settings.PORT),
        ready_callable=start,
        websocket_max_message_size=MAX_INBOUND_BYTES,
        websocket_max_frame_size=MAX_INBOUND_BYTES,
        websocket_timeout=-1,
        server_name="",
    )
    server.run()
