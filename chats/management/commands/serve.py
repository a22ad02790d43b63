"""Starts BooCode: migrates the database, collects static files, makes the first user, prints a login link, serves."""

import asyncio
import fcntl
import gc
import hashlib
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import IO, Any

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

from boocode.server import readiness, start_checks
from boocode.server.compression import compress_sockets
from boocode.server.request_limits import limit_requests
from boocode.settings import is_loopback
from chats.accounts.authentication import get_public_url, make_login_link
from chats.accounts.server_address import record_address
from chats.models import Project
from chats.providers.registry import warm_up

CANNOT_START = 2
"""The exit code where a setting, the data or the port has to be mended first."""

MAX_INBOUND_BYTES = 8 * 1024 * 1024
"""A frame up to this size that is too large gets an error frame; beyond it the socket is cut."""


class Command(BaseCommand):
    """Serves until SIGINT or SIGTERM."""

    help = "Start BooCode on HOST:PORT: migrate, make the user admin, print a one-time login link, serve."
    requires_system_checks = ()
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        lock = hold_data_directory()
        with start_checks.one_at_a_time():
            start_checks.check_database()
            migrate()
            start_checks.check_data_directory()
            self.admin = ensure_admin()
            collect_static()
        serve(self.print_banner, self.fail_to_listen)
        lock.close()
        if self.listen_error:
            raise CommandError(self.listen_error, returncode=CANNOT_START)

    admin: User

    listen_error = ""

    def fail_to_listen(self, reason: str) -> None:
        self.listen_error = (
            f"Can't listen on {settings.HOST}:{settings.PORT}: {reason} "
            "Another program may use the port; choose another one: PORT=8001 make run"
        )

    def print_banner(self) -> None:
        """Say where it serves, how to log in, and what to know; called once it listens."""
        lines = ["", f"BooCode serves {get_public_url()}"]
        if self.admin.has_usable_password():
            lines.append("  Log in as admin with its password; a link instead: python manage.py loginlink admin")
        else:
            lines.append(f"  Log in (works once):  {make_login_link(self.admin)}")
        if not Project.objects.exists():
            lines.append("  First time? The page offers to make a small sample project to try it on.")
        lines += [f"  Missing here: {tool}" for tool in start_checks.find_missing_tools()]
        lines += [f"  Not there: {fault}" for fault in readiness.find_faults()]
        lines.append(f"  Data: {settings.DATA_DIR}   Stop: Ctrl-C")
        self.stdout.write("\n".join([*lines, ""]))
        self.stdout.flush()


def hold_data_directory() -> IO[str]:
    """Lock the data directory: on SQLite one process owns it, and goes on with what an earlier one left unfinished."""
    with suppress(PermissionError):  # another user's directory, which several share
        settings.DATA_DIR.chmod(0o700)
    file = (settings.DATA_DIR / "serve.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if settings.ON_SQLITE:
            raise CommandError(
                f"Another BooCode runs on {settings.DATA_DIR}. "
                "Stop it, or give this one a directory of its own: BOOCODE_DATA_DIR=… PORT=8001 make run",
                returncode=CANNOT_START,
            ) from None
    return file


def migrate() -> None:
    """Migrate the database where needed; the check costs a tenth of the command."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        with start_checks.explain_database_errors():
            start_checks.back_up(executor)
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
    """Make the first user, `admin`. Raises CommandError where strangers could reach a server without a password."""
    users = get_user_model().objects
    admin = users.filter(username="admin").first() or users.create_superuser("admin")
    if settings.ADMIN_PASSWORD and not admin.check_password(settings.ADMIN_PASSWORD):
        admin.set_password(settings.ADMIN_PASSWORD)
        admin.save(update_fields=["password"])
    if not is_loopback(settings.HOST) and not admin.has_usable_password():
        raise CommandError(
            f"HOST={settings.HOST} can be reached from other machines, and the user admin has no password. "
            "Set BOOCODE_ADMIN_PASSWORD to a good one, or leave HOST at 127.0.0.1.",
            returncode=CANNOT_START,
        )
    return admin


class ReportingServer(Server):
    """Runs daphne's server; reports why it could not listen instead of logging it, and ends in order."""

    def __init__(
        self,
        on_listen: Callable[[], None],
        on_listen_error: Callable[[str], None],
        shutdown: Callable[[], Awaitable[None]],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.on_listen = on_listen
        self.on_listen_error = on_listen_error
        self.shutdown = shutdown

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        settings.PORT = port.getHost().port  # what it got, where PORT is 0
        settings.MODELS = replace(settings.MODELS, own_port=settings.PORT)
        self.on_listen()

    def listen_error(self, failure: Any) -> None:
        self.on_listen_error(failure.getErrorMessage())
        self.stop()

    def kill_all_applications(self) -> Any:
        """End the server; daphne calls this first. What is still at work after `shutdown` is cut off."""
        return Deferred.fromFuture(asyncio.ensure_future(self.shutdown())).addBoth(self._cut_off)

    def _cut_off(self, result: Any) -> Any:
        return super().kill_all_applications().addBoth(lambda _: result)


def serve(on_listen: Callable[[], None], on_listen_error: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; then stop in order."""
    from boocode.asgi import application, requests
    from boocode.server import lifespan

    def start() -> None:
        compress_sockets(server.ws_factory)
        limit_requests(server.http_factory)
        record_address()
        loop = asyncio.get_event_loop()
        starting = loop.create_task(lifespan.start_once())
        starting.add_done_callback(lambda task: task.result())
        gc.freeze()  # all that is loaded by now stays: no collection looks at it again
        loop.run_in_executor(None, warm_up, settings.MODELS)

    server = ReportingServer(
        on_listen,
        on_listen_error,
        lambda: lifespan.stop(requests),
        application=application,
        endpoints=build_endpoint_description_strings(host=settings.HOST, port=settings.PORT),
        ready_callable=start,
        websocket_max_message_size=MAX_INBOUND_BYTES,
        websocket_max_frame_size=MAX_INBOUND_BYTES,
        websocket_timeout=-1,
        server_name="",
    )
    server.run()
