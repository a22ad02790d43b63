"""A restore that is killed in the middle is finished at the next start."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

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


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7])
def test_it_is_finished_after_a_kill(history: Callable[..., History], server: Server, share: float) -> None:
    talk, first = many_files(history, server)
    root = talk.chat.root
    answers = list[BaseException]()

    def ask() -> None:
        try:
            talk.restore(first)
        except (httpx.TransportError, AssertionError) as error:
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

    def whole() -> bool:
        return all((root / f"f{n}").read_text() == "a\n" for n in range(1, FILES + 1))

    talk.chat.wait_until(whole)
    talk.chat.wait_until(lambda: talk.texts() == ["Make", "", "Made."])
    talk.restore(next(place for place in talk.places() if place["kind"] == "undo"))
    assert (root / "f7").read_text() == "b\n"
    assert talk.texts()[-1] == "Changed."
    assert [name for name in files_of(root) if "boocode" in name] == []
