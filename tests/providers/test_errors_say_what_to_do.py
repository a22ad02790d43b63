"""CASES: the provider answers 401, 429, 500, cuts the stream, sends broken JSON, hangs."""

import traceback
from typing import Any

import pytest

from chats.providers.base import ModelError
from tests.providers.playing import CANARY, play

ECHO = {"error": {"message": f"Incorrect API key provided: {CANARY}.", "code": "invalid_api_key"}}
CONTEXT = {"error": {"message": "maximum context length is 8192 tokens", "code": "context_length_exceeded"}}
LLAMA_CPP = {"error": {"message": "the request exceeds the available context size (4096 tokens)"}}
QUOTA = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}


@pytest.mark.parametrize(
    ("part", "reason", "says"),
    [
        ({"status": 401, "body": ECHO}, "auth", "Check OPENAI_API_KEY"),
        ({"status": 403}, "auth", "did not accept the API key (403)"),
        ({"status": 404}, "unknown_model", "does not know the model test-model"),
        ({"status": 429}, "rate_limit", "slow down"),
        ({"status": 429, "body": QUOTA}, "rate_limit", "quota"),
        ({"status": 500}, "overloaded", "error of its own (500)"),
        ({"status": 503}, "overloaded", "overloaded or away"),
        ({"status": 529}, "overloaded", "overloaded or away"),
        ({"status": 400, "body": CONTEXT}, "context_length", "Compact the chat"),
        ({"status": 400, "body": LLAMA_CPP}, "context_length", "Compact the chat"),
        ({"status": 400, "body": {"error": {"message": "bad tool"}}}, "refused", "It said: bad tool"),
        ({"status": 502, "body": "<html>Bad gateway</html>"}, "overloaded", "(502). Send the message again later."),
        ({"broken": True}, "bad_response", "could not be understood"),
        ({"cut": True}, "network", "broke off"),
        ({"end": True}, "bad_response", "could not be understood"),
        ({"error": {"message": "server_overloaded", "code": "overloaded"}}, "overloaded", "overloaded or away"),
    ],
)
async def test_it_says_what_went_wrong_and_no_secret(
    serve: Any, ask: Any, part: dict[str, Any], reason: str, says: str
) -> None:
    failure = (await play(ask(await serve([[part]])))).failure
    assert failure.reason == reason
    assert says in failure.message
    assert "html" not in failure.message
    for shown in shown_of(failure):
        assert CANARY not in shown


def shown_of(failure: ModelError) -> list[str]:
    assert failure.__cause__ is None
    assert failure.__context__ is None
    return [str(failure), repr(failure), repr(vars(failure)), "".join(traceback.format_exception(failure))]


async def test_it_names_the_address_that_refuses_but_not_what_is_secret_in_it(serve: Any, ask: Any) -> None:
    server = await serve([])
    address = f"http://user:{CANARY}@127.0.0.1:1/v1?key={CANARY}"
    failure = (await play(ask(server, openai_base_url=address))).failure
    assert failure.reason == "network"
    assert "http://127.0.0.1:1/v1 failed" in failure.message
    assert CANARY not in "".join(shown_of(failure))


async def test_it_takes_a_web_page_for_no_answer(serve: Any, ask: Any) -> None:
    """A base URL that leads to somebody's start page."""
    failure = (await play(ask(await serve([[{"status": 200, "body": "<html>Welcome</html>"}]])))).failure
    assert failure.reason == "bad_response"
    assert "Check the base URL" in failure.message


async def test_it_shows_no_secret_of_a_model(serve: Any, ask: Any) -> None:
    model = ask(await serve([[{"text": "Hi"}]]))
    await play(model)
    assert CANARY not in repr(model) + repr(model._config)


async def test_it_notices_an_answer_without_an_end(serve: Any, ask: Any) -> None:
    """To HTTP it looks whole: a proxy that lost its provider closes it properly."""
    played = await play(ask(await serve([[{"text": "So far"}, {"end": True}]])))
    assert played.text == "So far"
    assert played.failure.reason == "network"
    assert "in the middle of its answer" in played.failure.message


async def test_it_passes_a_refusal_on(serve: Any, ask: Any) -> None:
    failure = (await play(ask(await serve([[{"text": ""}, {"finish": "content_filter"}]])))).failure
    assert failure.reason == "refused"
