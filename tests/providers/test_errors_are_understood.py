"""What providers really answer when they fail, in their own words, and what is made of it."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from chats.providers.error_bodies import message_in, read_error, read_retry_after, read_status, read_wait
from chats.providers.errors import SENTENCES, Source
from tests.providers.playing import play

SOURCE = Source("Somebody", "some-model", "http://somewhere.test/v1")

TOO_LONG = [
    # xAI, Copilot, Kimi, LiteLLM, Together, Anthropic
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "prompt token count of 142000 exceeds the limit of 128000",
    "Invalid request: Your request exceeded model token limit: 262144 (requested: 300000)",
    "litellm.ContextWindowExceededError: litellm.BadRequestError: the prompt does not fit",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 32769. Given: 40000 `inputs` tokens",
    "The input (40001 tokens) is longer than the model's context length (32768 tokens).",
    "input length and `max_tokens` exceed context limit: 199000 + 64000 > 200000",
    "prompt is too long: 208310 tokens > 200000 maximum",
    # OpenAI, Google, Mistral, Bedrock, Groq, MiniMax, Z.AI, Cohere, Alibaba
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
    "Input is too long for requested model.",
    "Please reduce the length of the messages or completion.",
    "invalid params, context window exceeds limit",
    "Prompt exceeds max length",
    "tokens in request more than max tokens allowed",
    "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    "Range of input length should be [1, 30720]",
    # Ollama, llama.cpp, LM Studio, vLLM, OpenRouter
    "prompt too long; exceeded max context length by 12 tokens",
    "the request exceeds the available context size, try increasing it",
    "The number of tokens to keep from the initial prompt is greater than the context length.",
    "The prompt (total length 40000) is too long to fit into the model (context length 32768).",
    "This endpoint's maximum context length is 128000 tokens. However, you requested about 141000 tokens",
]
NOT_TOO_LONG = [
    (400, "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens for this model"),
    (400, "max_tokens exceeds the maximum number of tokens that the model can write"),
    (429, "Rate limit reached for tokens per min (TPM): Limit 30000, Used 29000. Please try again in 1.2s."),
    (429, "This request would exceed your organization's rate limit of 30,000 input tokens per minute."),
    (None, "You exceeded your tokens per minute"),
    (400, "bad tool"),
    (503, "The model has too many tokens in flight"),
]


@pytest.mark.parametrize("status", [400, 422, None])
@pytest.mark.parametrize("said", TOO_LONG)
def test_it_knows_that_the_context_is_too_long(status: int | None, said: str) -> None:
    assert category(status, {"error": {"message": said, "type": "invalid_request_error"}}) == "context"
    assert category(status, {"detail": said}) == "context"


@pytest.mark.parametrize(("status", "said"), NOT_TOO_LONG)
def test_it_takes_no_other_limit_for_the_context_s(status: int | None, said: str) -> None:
    assert category(status, {"error": {"message": said}}) != "context"


@pytest.mark.parametrize("body", ["", "<html>Request Entity Too Large</html>", '{"error": {"message": "no"}}'])
def test_it_takes_a_request_that_is_too_large_for_a_context_that_is_too_long(body: str) -> None:
    assert read_status(413, body.encode(), {}).category == "context"


@pytest.mark.parametrize("status", [413, 429])
def test_it_does_not_wait_for_a_minute_that_allows_more(status: int) -> None:
    said = "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 12000"
    assert category(status, {"error": {"message": said, "type": "tokens", "code": "rate_limit_exceeded"}}) == "context"


@pytest.mark.parametrize(
    ("status", "body", "expected", "said"),
    [
        # Google answers with a list.
        (
            400,
            [{"error": {"code": 400, "message": "Unknown name", "status": "INVALID_ARGUMENT"}}],
            "rejected",
            "Unknown name",
        ),
        (
            429,
            [{"error": {"code": 429, "message": "Quota exceeded for requests", "status": "RESOURCE_EXHAUSTED"}}],
            "rate_limit",
            "Quota exceeded for requests",
        ),
        (
            400,
            [{"error": {"message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}],
            "auth",
            "API key not valid. Please pass a valid API key.",
        ),
        (400, {"error": "Incorrect API key provided: no"}, "auth", "Incorrect API key provided: no"),
        # FastAPI
        (
            422,
            {"detail": [{"loc": ["body", "messages", 0], "msg": "Field required", "type": "missing"}, {"msg": "No"}]},
            "rejected",
            "body.messages.0: Field required; No",
        ),
        (404, {"detail": "Not Found"}, "not_found", "Not Found"),
        (400, {"detail": {"error": {"message": "nested"}}}, "rejected", "nested"),
        # Others
        (400, {"message": "plain", "code": 1}, "rejected", "plain"),
        (400, {"errors": [{"message": "one"}, {"message": "two"}]}, "rejected", "one; two"),
        (400, {"base_resp": {}, "error": {"message": None}}, "rejected", ""),
        (402, {"error": {"message": "Insufficient Balance"}}, "quota", "Insufficient Balance"),
        (
            502,
            {"error": {"message": "Provider returned error", "metadata": {"raw": '{"error": {"message": "inner"}}'}}},
            "server",
            "Provider returned error: inner",
        ),
        (400, 'event: error\ndata: {"error": {"message": "as an event"}}\n\n', "rejected", "as an event"),
        (500, "Internal Server Error", "server", "Internal Server Error"),
        (500, "\ufeff<!doctype html>", "server", ""),
        (500, {"error": {"message": {"message": {"message": {"message": {"message": "deep"}}}}}}, "server", ""),
    ],
)
def test_it_quotes_the_provider_s_own_message(status: int, body: Any, expected: str, said: str) -> None:
    error = read_status(status, (body if isinstance(body, str) else json.dumps(body)).encode(), {})
    assert (error.category, error.said) == (expected, said)


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ("Please try again in 1.2s.", 1.2),
        ("Please try again in 350ms. Visit https://x.test", 0.35),
        ("Please try again in 6m0s.", 360),
        ("Please try again in 1h2m3.5s", 3723.5),
        ("Please retry in 17.5s.", 17.5),
        ("Please retry after 6 seconds.", 6),
        ("Retry after 2 minutes", 120),
        ("wait 3 sec and go on", 3),
        ("Please try again later", None),
        ("Try again in 5 models", None),
        ("retry 3 messages", None),
        ("", None),
    ],
)
def test_it_reads_how_long_to_wait_from_a_message(said: str, wait_s: float | None) -> None:
    expected = wait_s and pytest.approx(wait_s)
    assert read_wait(said) == expected
    assert read_status(429, json.dumps({"error": {"message": said}}).encode(), {}).retry_after_s == expected
    assert read_error({"message": said, "code": 429}).retry_after_s == expected


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": " 2 "}, 2),
        ({"retry-after": "3s"}, 3),
        ({"retry-after": "9", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_it_reads_how_long_to_wait_from_a_header(headers: dict[str, str], wait_s: float | None) -> None:
    assert read_retry_after(headers) == wait_s


def test_it_reads_until_when_to_wait() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 < (read_retry_after({"retry-after": date}) or 0) <= 30


def test_a_header_counts_more_than_a_message() -> None:
    body = json.dumps({"error": {"message": "try again in 20s"}}).encode()
    assert read_status(429, body, {"retry-after": "1.5"}).retry_after_s == 1.5


@pytest.mark.parametrize("wait_s", [0.2, 1.2])
def test_it_says_no_shorter_wait_than_there_is(wait_s: float) -> None:
    error = read_status(429, json.dumps({"error": {"message": f"try again in {wait_s}s"}}).encode(), {})
    assert f"again in {1 if wait_s < 1 else 2} s" in SOURCE.explain(error).message


@pytest.mark.parametrize("name", ["openai:m", "openai-responses:m", "anthropic:m"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "the model is loading", "code": 5}}, "the model is loading"),
        ({"error": "no GPU"}, "no GPU"),
        ([{"error": {"message": "in a list"}}], "in a list"),
        ({"detail": [{"loc": ["body"], "msg": "Field required"}]}, "body: Field required"),
        ({"error": {"code": 500, "message": "failed within"}}, "failed within"),
        ({"error": {}}, ""),
        ({"error": True}, ""),
    ],
)
async def test_it_quotes_an_error_that_comes_as_a_good_answer(
    serve: Any, ask: Any, name: str, body: Any, said: str
) -> None:
    failure = (await play(await posing(serve, ask, name, body))).failure
    assert "could not be understood" not in failure.message
    assert failure.message.endswith(f" It said: {said}") if said else "It said" not in failure.message


@pytest.mark.parametrize("name", ["openai:m", "openai-responses:m", "anthropic:m"])
@pytest.mark.parametrize(
    "body",
    [
        {"object": "response", "output": ["x"], "content": ["x"], "choices": ["x"]},
        {"object": "response", "output": [{"type": "message", "content": ["x"]}], "content": [[]], "choices": [[]]},
        {"object": "response", "output": 5, "content": {"text": 5}, "choices": [{"message": {"tool_calls": [5]}}]},
        {"object": "response", "output": [{"type": "function_call", "arguments": 5}], "content": 5, "choices": 5},
        {},
        [],
        5,
    ],
)
async def test_it_never_quotes_what_the_server_did_not_say(serve: Any, ask: Any, name: str, body: Any) -> None:
    played = await play(await posing(serve, ask, name, body))
    assert played.error is None or "It said" not in played.error.message


async def posing(serve: Any, ask: Any, name: str, body: Any) -> Any:
    """A model whose server answers 200 with `body` at any path."""
    server = await serve([[{"status": 200, "body": body}]], any_path=True)
    base = server.url if name != "anthropic:m" else server.url.removesuffix("/v1")
    return ask(server, name, anthropic_base_url=base, anthropic_api_key="key")


def category(status: int | None, body: Any) -> str:
    error = read_error(body) if status is None else read_status(status, json.dumps(body).encode(), {})
    assert error.said == message_in(body)
    assert error.category in SENTENCES
    return error.category
