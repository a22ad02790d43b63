"""The data that an older BooCode left open with every session, trace, checkpoint and restore as it was."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server, ServerFactory
from tests.snapshots.conftest import History, files_of
from tests.turns.conftest import Talk
from tests.turns.test_approvals import decide

from .old_data import DATABASE, differences, read_answers, read_expected, unpack
from .postgres import copy_rows, empty

GONE_S = "4"
"""How soon a stopped server's turns are taken over where several could share its database."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    unpack(tmp_path)
    return tmp_path


@pytest.fixture
def server(home: Path, server_factory: ServerFactory) -> Iterator[Server]:
    """A new BooCode on the old data, with the token that the old one gave out."""
    server = server_factory.make({"BOOCODE_SCRIPTS_DIR": str(home / "scripts"), "BOOCODE_LEASE_S": GONE_S})
    server.token = (home / "token").read_text()
    shutil.copytree(home / "data", server.data_dir, dirs_exist_ok=True)
    if server_factory.database_url:
        empty(server, server_factory.database_url)
        copy_rows(home / "data" / DATABASE, server)
    yield server.start()
    server_factory.discard(server)


def old_chat(server: Server, project: str) -> Talk:
    """The first chat of the only session in the project."""
    talk = Talk.__new__(Talk)
    talk.server = server
    talk.project = next(found for found in server.api("GET", "/api/projects") if found["name"] == project)
    talk.root = Path(talk.project["root"])
    (session,) = [one for one in server.api("GET", "/api/sessions") if one["project"] == talk.project["id"]]
    talk.session_id = session["id"]
    talk.chat_id = session["chats"][0]["id"]
    return talk


def test_every_answer_is_as_it_was(server: Server, home: Path) -> None:
    assert list(differences(read_expected(), read_answers(server, home))) == []


def test_a_chat_goes_on(server: Server) -> None:
    history = History(old_chat(server, "history"))
    before = history.texts()
    place = history.turn("And now?")
    assert history.texts() == [*before, "And now?", "", "Fourth."]
    assert (history.chat.root / "a.txt").read_text() == "four\n"
    assert (place["status"], place["files"]["changed"]) == ("complete", 1)


def test_it_goes_back_to_an_old_turn_and_forth(server: Server) -> None:
    history = History(old_chat(server, "history"))
    root = history.chat.root
    said, held = history.texts(), files_of(root)
    first = next(place for place in history.places() if place.get("title") == "One")
    done = history.restore(first)
    assert history.texts()[-1] == "First."
    assert (root / "a.txt").read_text() == "one\n"
    assert not (root / "c").is_symlink()
    history.restore(done["undo"])
    assert history.texts() == said
    assert files_of(root) == held


def test_what_was_taken_back_can_be_returned_to(server: Server) -> None:
    history = History(old_chat(server, "history"))
    taken_back = [place for place in history.places() if place.get("title") == "Three"]
    (place,) = [place for place in taken_back if place["taken_back"]]
    history.restore(place, overwrite_all=True)
    assert history.texts()[-2:] == ["", "Third."]
    assert "Three, another way" not in history.texts()


def test_a_call_that_waited_for_a_person_still_does(server: Server) -> None:
    chat = old_chat(server, "waiting")
    chat.wait_until(lambda: chat.status() == "waiting" and chat.traces()[-1]["status"] == "running")
    decide(chat, "allow")
    assert chat.wait()[-1]["content"] == "It is made."
    assert (chat.root / "made.txt").exists()


def test_a_command_that_was_cut_off_can_be_run_again(server: Server) -> None:
    chat = old_chat(server, "kills")
    (trace,) = [trace for trace in chat.traces() if trace["status"] == "interrupted"]
    server.api("POST", f"/api/traces/{trace['id']}/aftermath", {"decision": "again"})
    assert any("run it again" in text for text in chat.texts("user"))


def test_a_client_that_was_away_misses_nothing(server: Server) -> None:
    """Its page stayed open while the server was replaced."""
    chat = old_chat(server, "history")
    expected = read_expected()[f"/ws/sessions/{chat.session_id}"]
    epoch = expected[0]["epoch"]
    positions = dict(expected[1]["heads"])
    with server.socket(chat.session_id) as socket:
        resumed = socket.reconnect(positions, epoch)
        assert (resumed["recovered"], resumed["replayed"]) == (True, 0)
        chat.say("And now?")
        socket.until(lambda frame: frame.get("status") == "idle")
    assert next(frame["ord"] for frame in socket.frames if "seq" in frame) == resumed["ord"] + 1
