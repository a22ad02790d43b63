"""A restore that is killed in the middle is finished at the next start."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2

from tests.server import Server
from tests.snapshots.conftest import History, files_of, write
from tests.turns.test_restart import crash

FILES = 400
END = {"step": True}


def many_files(history: Callable[..., History], server: Server) -> tuple[History, dict[str, Any]]:
    script = [
        {"tool": "run_command", "args": {"command": ["sh", "-c", f"for i in $(seq {FILES}); do echo a > f$i; done"]}},
        *({"text": "Made."}, END),
        {"tool": "run_command", "args": {"command": ["sh", "-c", "for f in f*; do echo b > $f; done"]}},
        *({"text": "Changed."}, END),
        write("more.txt", "1"),
        {"text": "More."},
    ]
    talk = history(script, server=server)
    first = talk.turn("Make")
    talk.turn("Change")
    return talk, first


def test_it_is_finished_after_a_kill(history: Callable[..., History], server: Server) -> None:
    talk, first = many_files(history, server)
    for share in (0.1, 0.4, 0.7):
        kill_while_restoring(talk, server, first, share)
        talk.chat.wait_until(lambda: talk.texts() == ["Make", "", "Made."])
        assert contents(talk) == {"a\n"}
        talk.restore([place for place in talk.places() if place["kind"] == "undo"][-1])
        assert contents(talk) == {"b\n"}
        assert talk.texts()[-1] == "Changed."
    assert [name for name in files_of(talk.chat.root) if "boocode" in name] == []


def contents(talk: History) -> set[str]:
    return {(talk.chat.root / f"f{number}").read_text() for number in range(1, FILES + 1)}


def kill_while_restoring(talk: History, server: Server, first: dict[str, Any], share: float) -> None:
    """Kill the server once it has restored that share of the files, and start it again."""
    root = talk.chat.root
    answers = list[BaseException]()

    def ask() -> None:
        try:
            talk.restore(first)
        except (httpx2.TransportError, AssertionError) as error:
            answers.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    deadline = time.monotonic() + 10
    while sum((root / f"f{n}").read_text() == "a\n" for n in range(1, FILES + 1)) < share * FILES:
        assert time.monotonic() < deadline
    crash(server)
    asking.join()
    assert answers, "it was killed too late"
    server.start()
