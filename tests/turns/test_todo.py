"""The agent's list is in its snapshot, at the end of this turn and of the next, after a crash as well."""

from collections.abc import Callable

from tests.server import Server
from tests.turns.conftest import Talk

ITEMS = [{"text": "Look", "state": "done"}, {"text": "Mend", "state": "open"}]
TODO = {"tool": "todo", "args": {"items": ITEMS}}


def test_it_is_kept_until_the_next_list(server: Server, talk: Callable[..., Talk]) -> None:
    end = {"step": True}
    new = {"tool": "todo", "args": {"items": []}}
    chat = talk([TODO, {"text": "a"}, end, {"text": "b"}, end, new, {"text": "c"}], server=server)
    for words, expected in (("go", ITEMS), ("again", ITEMS), ("more", [])):
        chat.say(words)
        chat.wait()
        assert chat.snapshot()["todo"] == expected


def test_it_survives_a_crash_in_the_turn(serve: Callable[..., Server], talk: Callable[..., Talk]) -> None:
    server = serve(BOOCODE_LEASE_S="4")
    chat = talk([TODO, {"wait_s": 3}, {"text": "Done."}], server=server)
    chat.say("go")
    chat.wait_until(lambda: chat.texts("tool"))
    server.kill()
    server.start()
    chat.wait(40)
    assert chat.snapshot()["todo"] == ITEMS
