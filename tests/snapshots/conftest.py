"""A workspace with everything that a folder may hold, and talks on a server."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from snapshots.files.repository import Repository
from tests.api.conftest import chat as chat
from tests.api.conftest import folder as folder
from tests.api.conftest import project as project
from tests.api.conftest import session as session
from tests.server import Server, ServerFactory
from tests.turns.conftest import Talk
from tests.turns.conftest import talk as talk


def run_git(folder: Path, *arguments: str) -> str:
    """Git as a person runs it, without the machine's configuration."""
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "user.name=Alice", "-c", "user.email=alice@example.org", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def add_submodule(workspace: Path, other: Path) -> None:
    """Make `workspace` a repository with another one in `sub`, cloned from `other`, which has one file, lib.py."""
    other.mkdir()
    run_git(other, "init", "-q")
    (other / "lib.py").write_text("1\n")
    run_git(other, "add", ".")
    run_git(other, "commit", "-q", "-m", "one")
    run_git(workspace, "init", "-q")
    run_git(workspace, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "sub")


def files_of(folder: Path, *, git: bool = False) -> dict[str, tuple[str, bytes]]:
    """Every file below `folder`: its kind and mode, and its content or where it leads."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not git and ".git" in path.relative_to(folder).parts:
            continue
        if path.is_symlink():
            found[name] = ("link", os.fsencode(os.readlink(path)))
        elif path.is_file():
            found[name] = (f"file {path.stat().st_mode & 0o777:o}", path.read_bytes())
    return found


@pytest.fixture
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    return Path(settings.DATA_DIR)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def repository(data_dir: Path, workspace: Path) -> Repository:
    return Repository(uuid4(), str(workspace))


@pytest.fixture(scope="module")
def mortal(server_factory: ServerFactory) -> Iterator[Server]:
    """The server that the tests of a module kill, again and again. Its turns are taken over soon where a lease has to
    run out first."""
    server = server_factory.make({"BOOCODE_LEASE_S": "4"})
    yield server
    server_factory.discard(server)


@pytest.fixture
def server(mortal: Server) -> Server:
    """Alive, whatever the test before left of it."""
    return mortal if mortal.process else mortal.start()


class History:
    """A talk and its timeline."""

    def __init__(self, chat: Talk) -> None:
        self.chat = chat
        self.url = f"/api/chats/{chat.chat_id}"

    def turn(self, content: str) -> dict[str, Any]:
        """Say something, wait for the end and for the files; the turn's place in the timeline."""
        self.chat.say(content)
        self.chat.wait()
        return self.places()[-1]

    def places(self) -> list[dict[str, Any]]:
        """The timeline, once all of it has its files."""

        def whole() -> list[dict[str, Any]] | None:
            places: list[dict[str, Any]] = self.chat.server.api("GET", f"{self.url}/timeline")
            waiting = [place for place in places if place["running"] or place["files"]["state"] == "pending"]
            return None if waiting else places

        return self.chat.wait_until(whole)

    def restore(self, place: dict[str, Any] | str, expect: int | None = None, **wish: Any) -> dict[str, Any]:
        checkpoint = place if isinstance(place, str) else place["id"]
        body = {"checkpoint": checkpoint, **wish}
        answer: dict[str, Any] = self.chat.server.api("POST", f"{self.url}/restorations", body, expect=expect)
        return answer

    def texts(self) -> list[str]:
        return [message["content"] for message in self.chat.messages() if message["role"] != "tool"]


@pytest.fixture
def history(talk: Callable[..., Talk]) -> Callable[..., History]:
    """`history(script, server=…)`: a new chat with its timeline."""
    return lambda *args, **fields: History(talk(*args, **fields))


def write(path: str, content: str) -> dict[str, Any]:
    """A call of a script."""
    return {"tool": "write_file", "args": {"path": path, "content": content}}


def command(*words: str) -> dict[str, Any]:
    return {"tool": "run_command", "args": {"command": list(words)}}
