"""An openai SDK client whose `create` posts the ready dictionary.

The SDK walks the whole message list through its parameter transform at every request: 12 ms for a step of 50 tool
calls, 62 ms for the 200th. pydantic-ai hands over messages that need no transform.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from httpx2 import Response as HttpResponse
from openai import AsyncOpenAI, AsyncStream, NotGiven, Omit
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import ValidationError

from .config import ProviderConfig
from .http import NO_KEY, http_client, patience
from .network import tell_ahead

BODY_KEY = "boocode_body"
"""The name in `extra_body` under which a request brings the function that writes its own bytes."""

WriteBody = Callable[[dict[str, Any]], bytes]


class Chunk(ChatCompletionChunk):
    """Checked by pydantic in 5 µs. The SDK builds its values field by field, which takes ten times as long, but never
    fails: that is for servers that do not keep to the protocol."""

    @classmethod
    def build(cls, *, response: HttpResponse, data: Any) -> ChatCompletionChunk:
        """The SDK's own door for this (`ModelBuilderProtocol`)."""
        try:
            return ChatCompletionChunk.model_validate(data)
        except ValidationError:
            return ChatCompletionChunk.construct(**data)


def openai_client(config: ProviderConfig, base_url: str, api_key: str) -> AsyncOpenAI:
    """The SDK's client for `base_url`. It never retries: `llm.py` does, for all providers alike."""
    http = http_client(base_url)
    tell_ahead(http)
    client = AsyncOpenAI(
        base_url=base_url,
        api_key=api_key or NO_KEY,
        max_retries=0,
        timeout=patience(config),
        http_client=http,
    )
    chat: Any = client.chat.completions
    chat.create = _poster(client, "/chat/completions", ChatCompletion, AsyncStream[Chunk])
    responses: Any = client.responses
    responses.create = _poster(client, "/responses", Response, AsyncStream[ResponseStreamEvent])
    return client


def _poster(client: AsyncOpenAI, path: str, answer: Any, stream_of: Any) -> Callable[..., Awaitable[Any]]:
    async def create(
        *,
        stream: Any = False,
        timeout: Any = None,  # the client's own holds for every request
        extra_headers: dict[str, str] | None = None,
        extra_body: dict[str, Any] | None = None,
        **parameters: Any,
    ) -> Any:
        extra = dict(extra_body or {})
        write: WriteBody | None = extra.pop(BODY_KEY, None)
        given = {name: value for name, value in parameters.items() if not isinstance(value, Omit | NotGiven)}
        body: dict[str, Any] = {"stream": stream is True, **given, **extra}
        content: dict[str, Any] = {"content": write(body)} if write else {"body": body}
        return await client.post(
            path,
            cast_to=answer,
            **content,
            options={"headers": extra_headers or {}, "security": {"bearer_auth": True}},
            stream=stream is True,
            stream_cls=stream_of,
        )

    return create
