"""A chat on the shared server, told in a test's own words."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.server import Server

ENDED = ("complete", "cancelled", "failed")


class Talk:
    """One session with one chat, whose model plays `script` in `root`."""

    def __init__(self, server: Server, root: Path, model: str, **project: Any) -> None:
        self.server = server
        self.root = root
        self.project = server.make_project(root, **({"approval": "auto"} | project))
        session = server.make_session(self.project, model=model)
        self.session_id: str = session["id"]
        self.chat_id: str = session["chats"][0]["id"]

    def say(self, content: str, **fields: Any) -> dict[str, Any]:
        return self.server.send(self.chat_id, content, **fields)

    def messages(self) -> list[dict[str, Any]]:
        return self.server.messages(self.session_id)

    def traces(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return list(reversed(self.server.api("GET", f"/api/chats/{self.chat_id}/traces")["results"]))

    def cancel(self) -> None:
        self.server.api("POST", f"/api/chats/{self.chat_id}/cancellation")

    def snapshot(self) -> dict[str, Any]:
        return self.server.api("GET", f"/api/chats/{self.chat_id}/snapshot")

    def status(self) -> str:
        session = self.server.api("GET", f"/api/sessions/{self.session_id}")
        return next(chat["status"] for chat in session["chats"] if chat["id"] == self.chat_id)

    def wait_until(self, happened: Callable[[], Any], timeout_s: float = 20) -> Any:
        deadline = time.monotonic() + timeout_s
        while not (found := happened()):
            assert time.monotonic() < deadline, f"it did not happen; the messages are {self.messages()}"
            time.sleep(0.05)
        return found

    def wait(self, timeout_s: float = 20) -> list[dict[str, Any]]:
        """Wait for the end of all turns, and return the messages."""
        self.wait_until(lambda: self.status() not in ("running", "waiting"), timeout_s)
        return self.messages()

    def texts(self, role: str) -> list[str]:
        return [message["content"] for message in self.messages() if message["role"] == role]


@pytest.fixture
def talk(shared_server: Server, write_script: Callable[[str, Any], str], tmp_path: Path) -> Callable[..., Talk]:
    """`talk(script, server=…, **project)`: a new chat whose model plays the script."""

    def start(script: Any, server: Server | None = None, **project: Any) -> Talk:
        model = script if isinstance(script, str) else write_script(uuid4().hex, script)
        return Talk(server or shared_server, tmp_path, model, **project)

    return start
