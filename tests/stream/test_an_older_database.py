"""An older database is put back while a client holds a longer log: other entries then take the numbers of its own."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chats.stream.rollback_guard import SLACK_S
from tests.server import Server
from tests.stream.client import Client
from tests.stream.conftest import IS_SCALED, Talk

SCRIPT = [
    item for word in ("one", "two", "three", "four") for item in ({"text": f"{word} " * 9, "chunk": 5}, {"step": True})
]


def say(told: Talk, client: Client, content: str) -> None:
    """One turn, which the client follows on a socket of its own."""
    client.open()
    client.until("resumed")
    if not client.resumptions[-1]["recovered"]:
        client.until("snapshot")  # it tells of the end of the turn before
    told.say(content)
    client.until_idle()
    client.drop()


def put_back(backup: Path, data_dir: Path) -> None:
    for path in data_dir.glob("*.sqlite3*"):
        path.unlink()
    shutil.copytree(backup, data_dir, symlinks=True, dirs_exist_ok=True)


@pytest.mark.skipif(IS_SCALED, reason="the database is put back as a file")
@pytest.mark.parametrize(("kept", "ending"), [("*.sqlite3*", Server.kill), ("*", Server.stop)], ids=["file", "all"])
def test_no_client_goes_on_with_it(
    server: Server, talk: Callable[..., Talk], tmp_path: Path, kept: str, ending: Callable[[Server], None]
) -> None:
    told = talk(SCRIPT, server=server)
    ahead, behind = told.client(), told.client()
    say(told, ahead, "First")
    server.stop()
    backup = tmp_path / "backup"
    backup.mkdir()
    for path in server.data_dir.glob(kept):
        if path.is_file():
            shutil.copy2(path, backup)
    copied_at = time.time()
    server.start()
    say(told, ahead, "Second, and lost")
    ending(server)
    while time.time() < copied_at + SLACK_S:
        time.sleep(0.05)
    put_back(backup, server.data_dir)
    server.start()
    for content in ("Another second", "Third"):
        say(told, behind, content)
    assert ahead.ord is not None
    assert behind.ord is not None
    assert behind.ord > ahead.ord, "the old position has to be one that the log holds again"
    with ahead:
        ahead.until("snapshot")
    assert ahead.resumptions[-1]["recovered"] is False
    assert ahead.texts == told.texts()


def test_a_session_deleted_before_a_restart_changes_no_epoch(server: Server, talk: Callable[..., Talk]) -> None:
    told = talk(SCRIPT, server=server)
    client = told.client()
    say(told, client, "First")
    newest = server.make_session({"id": server.api("GET", "/api/projects")[0]["id"]}, model="scripted:demo")
    server.api("DELETE", f"/api/sessions/{newest['id']}")
    server.restart()
    say(told, client, "Second")
    assert [resumed["recovered"] for resumed in client.resumptions] == [False, True]
