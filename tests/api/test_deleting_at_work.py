"""Against a real server, whose turns write while rows go."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server

CHATS = 6


@pytest.mark.parametrize("what", ["sessions", "projects"])
def test_it_deletes_what_is_being_worked_on(
    shared_server: Server, write_script: Callable[[str, Any], str], folder: Path, what: str
) -> None:
    call = {"tool": "list_files", "args": {"path": "."}}
    text = {"text": "word " * 20, "chunk": 5, "delay_ms": 2}
    model = write_script("busy", [{"repeat": 200, "of": [text, call]}])
    project = shared_server.make_project(folder, approval="auto")
    session = shared_server.make_session(project, model=model)
    chats = [session["chats"][0]["id"]]
    chats += [shared_server.api("POST", f"/api/sessions/{session['id']}/chats", {})["id"] for _ in range(CHATS)]
    for chat in chats:
        shared_server.send(chat, "go on")
    while len(shared_server.messages(session["id"])) < 3 * CHATS:
        time.sleep(0.05)
    row = {"sessions": session, "projects": project}[what]
    shared_server.api("DELETE", f"/api/{what}/{row['id']}")
    shared_server.api("GET", f"/api/sessions/{session['id']}", expect=404)
    time.sleep(1)
    assert "Traceback" not in shared_server.output
