"""OpenAI's chat completions, which most other servers speak too. Pure but for `open_adapter`."""

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
from chats.providers.config import ProviderConfig, join_url
from chats.providers.error_bodies import check_whole, read_error
from chats.providers.errors import AnswerError

from .answer import Call, count, json_headers, known_usage, write_args
from .encoding import GrowingBody, append_messages
from .state import Part, read_state, write_state
from .think_tags import END_THINK, THINK, ThinkTags
from .wire_names import ANY_SHORT_ID, write_name

REASONING_FIELDS = ("reasoning_content", "reasoning")
"""DeepSeek, Moonshot, llama.cpp and vLLM; Ollama, OpenRouter and newer vLLM."""
SIGNED_FIELDS = ("reasoning_details", "thinking_blocks")
"""OpenRouter; LiteLLM in front of Anthropic."""
FINISH_REASONS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_call",
    "function_call": "tool_call",
    "content_filter": "content_filter",
    "error": "error",
}


class ChatAdapter:
    """`limit_name` is the parameter that limits the answer's tokens: local servers know only the older one."""

    def __init__(
        self,
        provider: str,
        url: str,
        headers: dict[str, str],
        model: str,
        max_tokens: int | None = None,
        limit_name: str = "max_tokens",
    ) -> None:
        self._provider = provider
        self.url = url
        self.headers = headers
        self._model = model
        self._limit = {limit_name: max_tokens} if max_tokens else {}
        self._body = GrowingBody(lambda item, state: append_messages(messages_of(provider, item), state), "messages")

    def write_request(self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]) -> bytes:
        first, _ = append_messages([{"role": "system", "content": system}] if system else [], "")
        self._body.extend(system, transcript, tools, lambda: self._parameters(tools), first)
        return self._body.close(b"]}")

    def _parameters(self, tools: Sequence[ToolSchema]) -> dict[str, Any]:
        parameters: dict[str, Any] = {"stream": True, "model": self._model}
        if tools:
            parameters |= {"tools": [_tool(tool) for tool in tools], "tool_choice": "auto"}
        return {**parameters, "stream_options": {"include_usage": True}, **self._limit}

    def read_answer(self) -> "ChatReader":
        return ChatReader(self._provider)


def _tool(tool: ToolSchema) -> dict[str, Any]:
    function = {"name": write_name(tool.name), "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def messages_of(provider: str, item: TranscriptItem) -> list[dict[str, Any]]:
    """The messages for an item; none for a step without text and calls, which servers refuse."""
    if isinstance(item, AssistantText):
        return _answer(read_state(provider, "openai_chat", item), item.made_by == provider)
    if isinstance(item, ToolOutput):
        id = ANY_SHORT_ID.write(item.tool_call_id, is_own=item.made_by == provider)
        return [{"role": "tool", "tool_call_id": id, "content": item.content}]
    return [{"role": "user", "content": item.content}]


def _answer(parts: Sequence[Part], is_own: bool) -> list[dict[str, Any]]:
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    message: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, ToolCall):
            function = {"name": write_name(part.name), "arguments": write_args(part)}
            id = ANY_SHORT_ID.write(part.id, is_own=is_own)
            calls.append({"id": id, "type": "function", "function": function, **extra})
            extra = {}
        elif "call" in part:
            extra = part["call"]
        elif "think" in part:
            texts.append(f"{THINK}\n{part['think']}\n{END_THINK}\n\n")
        else:
            message |= part
    if not texts and not calls:
        return []
    message = {"role": "assistant", **message, "content": "".join(texts) or None}
    return [{**message, "tool_calls": calls} if calls else message]


# --- The answer ----------------------------------------------------------------------------------------------------


class ChatReader:
    """Reads one answer: its chunks, or the whole of it where a server does not stream."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider
        self.is_over = False
        self._texts: list[str] = []
        self._blank = ""
        self._reasoning: dict[str, list[str]] = {}
        self._signed: dict[str, list[dict[str, Any]]] = {}
        self._tags = ThinkTags()
        self._has_choice = False
        self._calls: list[Call] = []
        self._by_index: dict[int, Call] = {}
        self._refusal: list[str] = []
        self._finish: str | None = None
        self._usage = Usage()

    def read(self, chunk: Any) -> Iterator[ModelEvent]:
        if not isinstance(chunk, dict):
            raise AnswerError("unreadable")
        if chunk.get("error") or chunk.get("object") == "error":
            raise read_error(chunk.get("error") or chunk)
        if usage := _usage_in(chunk):
            self._usage = usage
        choices = chunk.get("choices")
        if not choices or not isinstance(choices, list) or not isinstance(choice := choices[0], dict):
            return
        self._has_choice = True
        if finish := choice.get("finish_reason"):
            self._finish = str(finish)
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            yield from self._read_delta(delta)

    def read_whole(self, answer: Any) -> Iterator[ModelEvent]:
        check_whole(answer, "choices")
        yield from self.read(answer)
        self.is_over = True
        self._finish = self._finish or ("stop" if self._has_choice else None)

    def _read_delta(self, delta: Mapping[str, Any]) -> Iterator[ModelEvent]:
        for name in REASONING_FIELDS:
            if (reasoning := delta.get(name)) and isinstance(reasoning, str):
                self._reasoning.setdefault(name, []).append(reasoning)
                yield ReasoningDelta(reasoning)
                break
        if text := _text_in(delta.get("content")):
            yield from self._read_pieces(self._tags.feed(text))
        for name in SIGNED_FIELDS:
            if pieces := delta.get(name):
                _merge_entries(self._signed.setdefault(name, []), pieces)
        if refusal := delta.get("refusal"):
            self._refusal.append(str(refusal))
        if calls := delta.get("tool_calls"):
            for call in calls if isinstance(calls, list) else ():
                self._read_call(call)

    def _read_pieces(self, pieces: Iterator[tuple[bool, str]]) -> Iterator[ModelEvent]:
        for is_reasoning, text in pieces:
            if is_reasoning:
                self._reasoning.setdefault("think", []).append(text)
                yield ReasoningDelta(text)
            elif not self._texts and text.isspace():
                # Some begin with line breaks, and often nothing but calls follows.
                self._blank += text
            else:
                text, self._blank = self._blank + text, ""
                self._texts.append(text)
                yield TextDelta(text)

    def _read_call(self, piece: Any) -> None:
        if not isinstance(piece, dict):
            return
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        id, name, args = str(piece.get("id") or ""), str(function.get("name") or ""), function.get("arguments")
        call = self._call(piece.get("index"), id, name)
        call.id = call.id or id
        if name.startswith(call.name):
            call.name = name  # the first time, the same again, or more of it
        elif name and not call.pieces:
            call.name += name
        if isinstance(args, dict):
            call.args = args
        elif args:
            call.add(str(args))
        if extra := piece.get("extra_content"):
            call.extra = {"extra_content": extra}

    def _call(self, index: object, id: str, name: str) -> Call:
        """The call that a piece belongs to. Some servers leave the index out, and some give several calls the same:
        then a new id begins another call, or a name after arguments that are complete."""
        call = self._by_index.get(index) if isinstance(index, int) else self._calls[-1] if self._calls else None
        if call is not None:
            has_new_id = bool(id and call.id) and id != call.id
            is_another = (has_new_id and (bool(name) or call.is_complete)) or (
                bool(name) and not (id and id == call.id) and call.is_complete
            )
        if call is None or is_another:
            call = Call(id, name)
            self._calls.append(call)
        if isinstance(index, int):
            self._by_index[index] = call
        return call

    def end(self) -> Iterator[ModelEvent]:
        yield from self._read_pieces(self._tags.end())
        if self._refusal or self._finish == "content_filter":
            raise AnswerError("filtered", "".join(self._refusal))
        # A proxy that loses its provider closes the answer as if it were whole. Servers that leave the finish reason
        # out still end with the usage that was asked for.
        said_something = self._texts or self._reasoning or self._calls
        if self._finish is None and self._usage.prompt_tokens is None and not (self.is_over and said_something):
            raise AnswerError("cut_off" if said_something else "empty" if self.is_over else "unreadable")
        if not self._has_choice:
            raise AnswerError("empty")
        calls = [call.whole() for call in self._calls if call.name or call.pieces]
        yield from calls
        if self._finish is not None:
            finish = FINISH_REASONS.get(self._finish, "unknown")
        else:
            finish = "unstated" if self._usage.prompt_tokens is None else "stop"
        yield StepEnd(known_usage(self._usage), finish, self._state(calls))

    def _state(self, calls: Sequence[ToolCall]) -> str | None:
        parts: list[Part] = [{name: "".join(pieces)} for name, pieces in self._reasoning.items()]
        parts += [{name: entries} for name, entries in self._signed.items()]
        if self._texts:
            parts.append("".join(self._texts))
        for call, known in zip(calls, (call for call in self._calls if call.name or call.pieces), strict=True):
            if known.extra:
                parts.append({"call": known.extra})
            parts.append(call)
        return write_state(self._provider, parts)


def _text_in(content: object) -> str:
    """The text of a delta; some servers send a list of parts."""
    if isinstance(content, list):
        texts = (part.get("text") if isinstance(part, dict) else part for part in content)
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _merge_entries(known: list[dict[str, Any]], pieces: object) -> None:
    """Adds pieces of signed reasoning: those of one entry have the same index and type, and their texts go together."""
    for piece in pieces if isinstance(pieces, list) else ():
        if not isinstance(piece, dict):
            continue
        last = known[-1] if known else {}
        if last and all(piece.get(name) == last.get(name) for name in ("index", "type")):
            for name, value in piece.items():
                joins = name in ("text", "thinking", "summary", "data") and isinstance(value, str) and last.get(name)
                last[name] = last[name] + value if joins else last.get(name) if value is None else value
        else:
            known.append(dict(piece))


def _usage_in(chunk: Mapping[str, Any]) -> Usage | None:
    """Tokens: at the top of the chunk, in its choice (Moonshot), in `x_groq`, or as llama.cpp's timings."""
    choices = chunk.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    groq = chunk.get("x_groq")
    for usage in (chunk.get("usage"), choice.get("usage"), groq.get("usage") if isinstance(groq, dict) else None):
        if isinstance(usage, dict) and (count(usage, "prompt_tokens") is not None):
            return _usage_of(usage)
    timings = chunk.get("timings")
    if isinstance(timings, dict) and (fresh := count(timings, "prompt_n")) is not None:
        cached = count(timings, "cache_n")
        return Usage(fresh + (cached or 0), count(timings, "predicted_n"), cached)
    return None


def _usage_of(usage: Mapping[str, Any]) -> Usage:
    return Usage(
        prompt_tokens=count(usage, "prompt_tokens"),
        completion_tokens=count(usage, "completion_tokens"),
        cache_tokens=count(usage, "prompt_tokens_details.cached_tokens", "cached_tokens", "prompt_cache_hit_tokens"),
        reasoning_tokens=count(usage, "completion_tokens_details.reasoning_tokens", "reasoning_tokens"),
        cache_write_tokens=count(usage, "prompt_tokens_details.cache_write_tokens", "cache_creation_input_tokens"),
    )


def open_adapter(provider_name: str, model: str, base_url: str, config: ProviderConfig) -> ChatAdapter:
    """The adapter for a model of a provider that speaks chat completions."""
    official = provider_name.startswith("openai")
    return ChatAdapter(
        provider_name,
        join_url(base_url, "/chat/completions"),
        json_headers(config.key(provider_name)),
        model,
        config.max_output_tokens,
        "max_completion_tokens" if official else "max_tokens",
    )
