"""Reads an answer from bytes, without a server."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from chats.providers.base import ModelEvent, ReasoningDelta, StepEnd, TextDelta, ToolCall
from chats.providers.connection import AnswerPieces
from chats.providers.errors import AnswerError
from chats.providers.protocols.answer import AnswerReader
from chats.providers.protocols.anthropic import AnthropicReader
from chats.providers.protocols.openai_chat import ChatReader
from chats.providers.protocols.openai_responses import ResponsesReader

READERS: dict[str, type[AnswerReader]] = {
    "anthropic": AnthropicReader,
    "openai_chat": ChatReader,
    "openai_responses": ResponsesReader,
}


def read_answer(protocol: str, chunks: Iterable[bytes]) -> list[ModelEvent | AnswerError]:
    """The events of an answer; the last one is the error where it ends in one."""
    pieces = AnswerPieces(READERS[protocol]())
    events: list[ModelEvent | AnswerError] = []
    try:
        for chunk in chunks:
            events += pieces.feed(chunk)
        events += pieces.end()
    except AnswerError as error:
        events.append(error)
    return events


def summarize(events: Iterable[ModelEvent | AnswerError]) -> list[Any]:
    """The events as JSON values, neighbouring deltas of a kind as one. Ids that we make up are `made up`."""
    told: list[Any] = []
    for kind, run in groupby(events, type):
        for event in [*run] if kind not in (TextDelta, ReasoningDelta) else ["".join(delta.content for delta in run)]:  # type: ignore[union-attr]
            match event:
                case str():
                    told.append({"text" if kind is TextDelta else "reasoning": event})
                case ToolCall(id, name, args):
                    told.append({"call": "made up" if len(id) == 37 else id, "name": name, "args": args})
                case StepEnd(usage, finish, state):
                    counts = [usage.prompt_tokens, usage.completion_tokens, usage.cache_tokens]
                    counts += [usage.reasoning_tokens, usage.cache_write_tokens]
                    told.append({"end": finish, "usage": counts, "state": state})
                case AnswerError() as error:
                    told.append({"error": error.category, "said": error.said})
    return told
