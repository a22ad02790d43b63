"""Several messages: one turn at a time, none lost, none twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.turns.conftest import Talk


def test_it_works_on_messages_one_after_the_other(talk: Callable[..., Talk]) -> None:
    chat = talk([{"wait_s": 0.5}, {"text": "One."}, {"step": True}, {"text": "Two."}])
    first = chat.say("first")
    second = chat.say("second")
    assert (first["turn"]["status"], second["turn"]["status"]) == ("queued", "queued")
    chat.wait()
    assert chat.texts("assistant") == ["One.", "Two."]


def test_it_takes_a_repeated_request_once(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "Once."}])
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: chat.say("do it", request_id="the-same"), range(8)))
    chat.wait()
    assert len({answer["turn"]["id"] for answer in answers}) == 1
    assert len({answer["message"]["id"] for answer in answers}) == 1
    assert chat.texts("user") == ["do it"]
    assert chat.texts("assistant") == ["Once."]
