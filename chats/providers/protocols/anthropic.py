"""Anthropic's messages, also as other servers speak them. Pure but for `open_adapter`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chats.providers.base import (
    AssistantText,
    ModelEvent,
    ReasoningDelta,
    StepEnd,
    TextDelta,
    ToolCall,
    ToolOutput,
    ToolSchema,
    TranscriptItem,
    Usage,
)
from chats.providers.config import ProviderConfig, is_custom, join_url
from chats.providers.error_bodies import check_whole, read_error
from chats.providers.errors import AnswerError

from .answer import Call, as_object, count, json_headers
from .encoding import GrowingBody, encode
from .state import Part, read_state, write_state
from .wire_names import PLAIN_ID, write_name

PROVIDER = "anthropic"
VERSION = "2026-10-21"
CACHED = {"cache_control": {"type": "ephemeral", "ttl": "5m"}}
UNKNOWN_MAX_TOKENS = 16_384
MAX_TOKENS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (
        128_000,
        (
            "claude-fable-5",
            "claude-haiku-5-5",
            "claude-mythos-5",
            "claude-opus-4-6",
            "claude-opus-4-7",
            "claude-opus-4-8",
            "claude-opus-5",
            "claude-sonnet-4-6",
            "claude-sonnet-5",
        ),
    ),
    (64_000, ("claude-haiku-4-5", "claude-opus-4-5", "claude-sonnet-4-5")),
)
"""How much a model may write, which Anthropic has to be told; the first row with the beginning of its name counts."""
LOW_MAX_TOKENS = 4_096
OLD = re.compile(r"claude-(3|4-|(opus|sonnet)-4($|@|-[0-2]))")
"""These refuse a request whose prompt and limit together are more than they read, so their limit is low."""
FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "compaction": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_call",
    "refusal": "content_filter",
}


class AnthropicAdapter:
    """`marks_last_block`: a server that is not Anthropic's own may not know the mark on the whole request."""

    def __init__(
        self, url: str, headers: dict[str, str], model: str, max_tokens: int | None, marks_last_block: bool
    ) -> None:
        self.url = url
        self.headers = headers
        self._parameters = {"max_tokens": limit_of(model, max_tokens), "model": model, "stream": True}
        if not marks_last_block:
            self._parameters |= CACHED
        self._marks_last_block = marks_last_block
        self._body = GrowingBody(append_item, "messages")

    def write_request(self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]) -> bytes:
        def parameters() -> dict[str, Any]:
            return {**self._parameters, **_system(system), **_tools(tools)}

        if not self._body.extend(system, transcript, tools, parameters):
            return self._body.close(b"]}")
        if self._marks_last_block:
            return self._body.close(b"," + encode(CACHED)[1:] + b"]}]}", instead_of=1)
        return self._body.close(b"]}]}")

    def read_answer(self) -> "AnthropicReader":
        return AnthropicReader()


def limit_of(model: str, max_tokens: int | None) -> int:
    """How many tokens an answer may have: `max_tokens`, but no more than the model can write."""
    most = next((most for most, names in MAX_TOKENS if model.startswith(names)), None)
    if most is not None:
        return min(max_tokens or most, most)
    return max_tokens or (LOW_MAX_TOKENS if OLD.match(model) else UNKNOWN_MAX_TOKENS)


def _system(system: str) -> dict[str, Any]:
    return {"system": [{"type": "text", "text": system, **CACHED}]} if system else {}


def _tools(tools: Sequence[ToolSchema]) -> dict[str, Any]:
    if not tools:
        return {}
    listed = [
        {"name": write_name(tool.name), "description": tool.description, "input_schema": tool.parameters}
        for tool in tools
    ]
    return {"tool_choice": {"type": "auto"}, "tools": [*listed[:-1], {**listed[-1], **CACHED}]}


def append_item(item: TranscriptItem, role_before: str) -> tuple[bytes, str]:
    """The blocks of an item. Neighbours of one role share a message, which the next role closes."""
    role = "assistant" if isinstance(item, AssistantText) else "user"
    blocks = blocks_of(item)
    if not blocks:
        return b"", role_before
    start = b"," if role == role_before else (b"]}," if role_before else b"") + _open_message(role)
    return start + b",".join(map(encode, blocks)), role


def _open_message(role: str) -> bytes:
    return b'{"role":"' + role.encode() + b'","content":['


def blocks_of(item: TranscriptItem) -> list[dict[str, Any]]:
    """The content blocks of an item; none for text without a letter, which is refused."""
    if isinstance(item, ToolOutput):
        # Its ids have one form, whoever made them.
        id = PLAIN_ID.write(item.tool_call_id, is_own=False)
        result = {"type": "tool_result", "tool_use_id": id, "content": item.content}
        return [result | {"is_error": True} if item.is_error else result]
    parts = read_state(PROVIDER, "anthropic", item) if isinstance(item, AssistantText) else [item.content]
    blocks = [_block(part) for part in parts if not isinstance(part, str) or part.strip()]
    # An answer of reasoning alone says nothing that could be continued.
    return [] if all("thinking" in str(block["type"]) for block in blocks) else blocks


def _block(part: Part) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if isinstance(part, ToolCall):
        id = PLAIN_ID.write(part.id, is_own=False)
        return {"type": "tool_use", "id": id, "name": write_name(part.name), "input": as_object(part.args)}
    return part


# --- The answer ----------------------------------------------------------------------------------------------------


class AnthropicReader:
    """Reads one answer: its events, or the whole message where a server does not stream."""

    def __init__(self) -> None:
        self.is_over = False
        self._blocks: dict[int, dict[str, Any]] = {}
        self._calls: dict[int, Call] = {}
        self._stop: str | None = None
        self._refusal = ""
        self._usage: dict[str, Any] = {}

    def read(self, event: Any) -> Iterator[ModelEvent]:
        if not isinstance(event, dict):
            raise AnswerError("unreadable")
        match event.get("type"):
            case "content_block_delta":
                yield from self._read_delta(_index(event), _inner(event, "delta"))
            case "content_block_start":
                yield from self._start_block(_index(event), _inner(event, "content_block"))
            case "message_start":
                self._count(_inner(_inner(event, "message"), "usage"))
            case "message_delta":
                self._finish(_inner(event, "delta"))
                self._count(_inner(event, "usage"))
            case "message":
                yield from self.read_whole(event)
                self.is_over = True
            case "message_stop":
                self.is_over = True
            case kind if kind == "error" or "error" in event:
                raise read_error(event.get("error") or event)

    def read_whole(self, answer: Any) -> Iterator[ModelEvent]:
        check_whole(answer, "content")
        content = answer.get("content")
        for index, block in enumerate(content if isinstance(content, list) else ()):
            yield from self._start_block(index, block if isinstance(block, dict) else {})
        self._finish(answer)
        self._count(_inner(answer, "usage"))

    def _start_block(self, index: int, block: Mapping[str, Any]) -> Iterator[ModelEvent]:
        match block.get("type"):
            case "text":
                self._blocks[index] = {"type": "text", "text": ""}
                yield from self._read_delta(index, {"type": "text_delta", "text": block.get("text")})
            case "thinking":
                self._blocks[index] = {"type": "thinking", "thinking": "", "signature": block.get("signature") or ""}
                yield from self._read_delta(index, {"type": "thinking_delta", "thinking": block.get("thinking")})
            case "redacted_thinking":
                self._blocks[index] = {"type": "redacted_thinking", "data": block.get("data") or ""}
            case "tool_use":
                self._blocks[index] = {"type": "tool_use"}
                call = self._calls[index] = Call(str(block.get("id") or ""), str(block.get("name") or ""))
                call.args = block.get("input") or None

    def _read_delta(self, index: int, delta: Mapping[str, Any]) -> Iterator[ModelEvent]:
        block = self._blocks.get(index)
        if block is None:
            block = self._blocks[index] = _missed_block(delta)
        match delta.get("type"):
            case "text_delta" if text := delta.get("text"):
                block["text"] = block.get("text", "") + text
                yield TextDelta(text)
            case "thinking_delta" if text := delta.get("thinking"):
                block["thinking"] = block.get("thinking", "") + text
                yield ReasoningDelta(text)
            case "signature_delta":
                block["signature"] = block.get("signature", "") + (delta.get("signature") or "")
            case "input_json_delta" if index in self._calls:
                self._calls[index].add(str(delta.get("partial_json") or ""))

    def _finish(self, delta: Mapping[str, Any]) -> None:
        if stop := delta.get("stop_reason"):
            self._stop = str(stop)
            self._refusal = str(_inner(delta, "stop_details").get("explanation") or "")

    def _count(self, usage: Mapping[str, Any]) -> None:
        """Counts are totals so far, and each event has those that it knows."""
        self._usage |= {name: value for name, value in usage.items() if value is not None}

    def end(self) -> Iterator[ModelEvent]:
        if self._stop == "refusal":
            raise AnswerError("filtered", self._refusal)
        if self._stop is None:
            raise AnswerError("cut_off" if self._blocks else "unreadable")
        calls = {index: call.whole() for index, call in self._calls.items()}
        yield from calls.values()
        parts: list[Part] = []
        for index, block in sorted(self._blocks.items()):
            parts.append(calls[index] if index in calls else block["text"] if block["type"] == "text" else block)
        yield StepEnd(self._total(), FINISH_REASONS.get(self._stop, "unknown"), write_state(PROVIDER, parts))

    def _total(self) -> Usage:
        fresh, read = count(self._usage, "input_tokens"), count(self._usage, "cache_read_input_tokens")
        written, spoken = count(self._usage, "cache_creation_input_tokens"), count(self._usage, "output_tokens")
        if not fresh and not spoken:
            return Usage()
        thought = count(self._usage, "output_tokens_details.thinking_tokens", "thinking_tokens")
        return Usage((fresh or 0) + (read or 0) + (written or 0), spoken, read, thought, written)


def _missed_block(delta: Mapping[str, Any]) -> dict[str, Any]:
    """The block of a delta whose start did not come."""
    kind = "text" if delta.get("type") == "text_delta" else "thinking"
    return {"type": kind, kind: ""}


def _index(event: Mapping[str, Any]) -> int:
    index = event.get("index")
    return index if isinstance(index, int) else 0


def _inner(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


# --- Opening -------------------------------------------------------------------------------------------------------


def open_adapter(provider_name: str, model: str, base_url: str, config: ProviderConfig) -> AnthropicAdapter:
    """The adapter for a model of Anthropic's, or of a server that speaks as it does."""
    return AnthropicAdapter(
        join_url(base_url, "/v1/messages"),
        {**json_headers(config.key(provider_name)), "anthropic-version": VERSION},
        model,
        config.max_output_tokens,
        marks_last_block=is_custom(provider_name, config),
    )


def models_request(base_url: str, key: str) -> tuple[str, dict[str, str]]:
    """The address of the list of models, and the headers to ask for it."""
    url = join_url(base_url, "/v1/models")
    return f"{url}{'&' if '?' in url else '?'}limit=100", {**json_headers(key), "anthropic-version": VERSION}
