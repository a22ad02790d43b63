"""What every test can ask for. The environment is set before Django reads it: nothing of the machine's own gets in."""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model

from tests.environment import clean_environment
from tests.network import forbid_network
from tests.server import Server, ServerFactory

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TEST_HOME = Path(tempfile.mkdtemp(prefix="boocode-test-"))
SCRIPTS_DIR = TEST_HOME / "scripts"

if settings.configured:
    raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: these tests prepare the environment before Django reads it.")
SCRIPTS_DIR.mkdir()
(TEST_HOME / "data" / "static").mkdir(parents=True)
_clean = clean_environment(os.environ, TEST_HOME / "data", SCRIPTS_DIR)
os.environ.clear()
os.environ.update(_clean)
django.setup()
# pytest-xdist's workers inherit this environment, and prepare one of their own.
del os.environ["DJANGO_SETTINGS_MODULE"]
forbid_network()
# Only now: it reads the settings as it is imported.
from tests.api.checked_client import check_body  # noqa: E402

Server.check_body = staticmethod(check_body)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it runs in the background like this, and the servers of the tests would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Slow on purpose, which is worth nothing here: a test makes two users on average.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_configure(config: pytest.Config) -> None:
    # A SIGTERM ends the tests as Ctrl-C does, so that the servers they started are ended too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(TEST_HOME, ignore_errors=True)


# --- The cast ------------------------------------------------------------------------------------


@pytest.fixture
def alice(db: None) -> "User":
    """Owns what the test makes."""
    return get_user_model().objects.create_user("alice", password="alice's long password")


@pytest.fixture
def bob(db: None) -> "User":
    """Another person with things of their own."""
    return get_user_model().objects.create_user("bob", password="bob's long password")


@pytest.fixture
def charlie(db: None) -> "User":
    """A stranger: logged in, owns nothing."""
    return get_user_model().objects.create_user("charlie", password="charlie's long password")


# --- The scripted model -----------------------------------------------------------------------------


@pytest.fixture
def write_script() -> Callable[[str, Any], str]:
    """`write_script(name, script)` saves a script for the scripted model and returns `scripted:<name>`."""

    def write(name: str, script: Any) -> str:
        # A server may read the directory at any moment: the file appears whole.
        unfinished = SCRIPTS_DIR / f".{name}.json"
        unfinished.write_text(json.dumps(script))
        unfinished.rename(SCRIPTS_DIR / f"{name}.json")
        return f"scripted:{name}"

    return write


# --- Real servers -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def server_factory() -> Iterator[ServerFactory]:
    """Makes servers from one template that is migrated and has its first user and a token."""
    with ServerFactory(TEST_HOME / "servers") as factory:
        yield factory


@pytest.fixture
def serve(server_factory: ServerFactory) -> Iterator[Callable[..., Server]]:
    """`serve(NAME=value, …)` starts a `manage.py serve` with data of its own and these variables in its environment."""
    servers: list[Server] = []

    def start(**environment: str) -> Server:
        servers.append(server_factory.make(environment))
        return servers[-1].start()

    yield start
    for server in reversed(servers):
        server_factory.discard(server)


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    """A running server of the test's own."""
    return serve()


@pytest.fixture(scope="session")
def shared_server(server_factory: ServerFactory) -> Iterator[Server]:
    """A running server for tests that neither stop it nor mind what others made in it."""
    server = server_factory.make({})
    yield server.start()
    server_factory.discard(server)
