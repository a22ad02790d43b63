"""OpenAI's responses, which its newer models need to call tools. Pure but for `open_adapter`."""

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
from chats.providers.config import ProviderConfig, join_url
from chats.providers.error_bodies import check_whole, read_error
from chats.providers.errors import AnswerError

from .answer import Call, count, json_headers, known_usage, write_args
from .encoding import GrowingBody, append_messages
from .state import Part, read_state, write_state
from .wire_names import PLAIN_ID, write_name

REASONS = re.compile(r"^(o\d|gpt-([5-9]|\d\d))(?!.*chat)")
"""Models that think. The others refuse to be asked for their reasoning."""
ENCRYPTED_REASONING = {"include": ["reasoning.encrypted_content"]}
FINISH_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}


class ResponsesAdapter:
    def __init__(
        self, provider: str, url: str, headers: dict[str, str], model: str, max_tokens: int | None = None
    ) -> None:
        self._provider = provider
        self.url = url
        self.headers = headers
        self._model = model
        self._limit = {"max_output_tokens": max_tokens} if max_tokens else {}
        self._body = GrowingBody(lambda item, state: append_messages(items_of(provider, item), state), "input")

    def write_request(self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]) -> bytes:
        first, _ = append_messages([{"role": "system", "content": system}] if system else [], "")
        self._body.extend(system, transcript, tools, lambda: self._parameters(tools), first)
        return self._body.close(b"]}")

    def _parameters(self, tools: Sequence[ToolSchema]) -> dict[str, Any]:
        parameters: dict[str, Any] = {"stream": True, "model": self._model}
        if tools:
            parameters |= {"tools": [_tool(tool) for tool in tools], "tool_choice": "auto"}
        # Nothing is stored at OpenAI, so the reasoning has to come along to be handed back.
        encrypted = ENCRYPTED_REASONING if REASONS.match(self._model) else {}
        return {**parameters, **self._limit, "store": False, **encrypted}

    def read_answer(self) -> "ResponsesReader":
        return ResponsesReader(self._provider)


def _tool(tool: ToolSchema) -> dict[str, Any]:
    """Not strict: OpenAI would demand schemas of another form."""
    return {
        "type": "function",
        "name": write_name(tool.name),
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": False,
    }


def items_of(provider: str, item: TranscriptItem) -> list[dict[str, Any]]:
    """The input items for an item; none for a step that said nothing."""
    if isinstance(item, AssistantText):
        parts = read_state(provider, "openai_responses", item)
        # Reasoning is refused where nothing follows it.
        return (
            []
            if all(isinstance(part, dict) for part in parts)
            else [_answer(part, item.made_by == provider) for part in parts]
        )
    if isinstance(item, ToolOutput):
        id = PLAIN_ID.write(item.tool_call_id, is_own=item.made_by == provider)
        return [{"type": "function_call_output", "call_id": id, "output": item.content}]
    return [{"role": "user", "content": item.content}]


def _answer(part: Part, is_own: bool) -> dict[str, Any]:
    if isinstance(part, str):
        return {"role": "assistant", "content": part}
    if isinstance(part, ToolCall):
        id = PLAIN_ID.write(part.id, is_own=is_own)
        return {"type": "function_call", "call_id": id, "name": write_name(part.name), "arguments": write_args(part)}
    return part


# --- The answer ----------------------------------------------------------------------------------------------------


class ResponsesReader:
    """Reads one answer: its events, or the whole response where a server does not stream."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider
        self.is_over = False
        self._parts: dict[int, dict[str, Any]] = {}
        self._texts: dict[int, list[str]] = {}
        self._calls: dict[int, Call] = {}
        self._thought: tuple[int, int] | None = None
        self._refusal: list[str] = []
        self._response: dict[str, Any] | None = None

    def read(self, event: Any) -> Iterator[ModelEvent]:
        index = count(event, "output_index") or 0
        match _kind(event):
            case "response.output_text.delta":
                yield from self._read_text(index, event.get("delta"))
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                yield from self._read_reasoning(index, event)
            case "response.function_call_arguments.delta":
                self._read_args(index, str(event.get("delta") or ""))
            case "response.refusal.delta":
                self._refusal.append(str(event.get("delta") or ""))
            case "response.output_item.added":
                self._start_item(index, _inner(event, "item"))
            case "response.output_item.done":
                yield from self._finish_item(index, _inner(event, "item"))
            case "response.completed" | "response.incomplete" | "response.failed":
                yield from self._finish(_inner(event, "response"))
            case "error":
                raise read_error(event.get("error") or event)
            case "" if event.get("object") == "response":
                yield from self.read_whole(event)

    def read_whole(self, answer: Any) -> Iterator[ModelEvent]:
        check_whole(answer, "output")
        yield from self._finish(answer)

    def _read_text(self, index: int, delta: object) -> Iterator[ModelEvent]:
        if isinstance(delta, str) and delta:
            self._texts.setdefault(index, []).append(delta)
            yield TextDelta(delta)

    def _read_reasoning(self, index: int, event: Mapping[str, Any]) -> Iterator[ModelEvent]:
        part = (index, count(event, "summary_index", "content_index") or 0)
        if delta := event.get("delta"):
            is_new = self._thought not in (None, part)
            self._thought = part
            yield ReasoningDelta(f"\n\n{delta}" if is_new else str(delta))

    def _read_args(self, index: int, delta: str) -> None:
        if index in self._calls:
            self._calls[index].add(delta)

    def _start_item(self, index: int, item: Mapping[str, Any]) -> None:
        if item.get("type") == "function_call":
            self._calls[index] = Call(str(item.get("call_id") or ""), str(item.get("name") or ""))

    def _finish_item(self, index: int, item: Mapping[str, Any]) -> Iterator[ModelEvent]:
        """What an item is in the end counts: not every server sends all of its pieces before."""
        match item.get("type"):
            case "function_call":
                if index not in self._calls:
                    self._start_item(index, item)
                if args := item.get("arguments"):
                    self._calls[index].replace_args(str(args))
            case "reasoning" if item.get("encrypted_content"):
                summary = item.get("summary") or []
                kept = {"id": item.get("id"), "summary": summary, "encrypted_content": item["encrypted_content"]}
                self._parts[index] = {"type": "reasoning", **kept}
            case "message" if index not in self._texts:
                content = item.get("content")
                for part in content if isinstance(content, list) else ():
                    self._refusal += [part["refusal"]] if part.get("refusal") else []
                    yield from self._read_text(index, part.get("text"))

    def _finish(self, response: dict[str, Any]) -> Iterator[ModelEvent]:
        self.is_over = True
        self._response = response
        if response.get("error"):
            raise read_error(response["error"])
        output = response.get("output")
        known = self._texts.keys() | self._calls.keys() | self._parts.keys()
        for index, item in enumerate(output if isinstance(output, list) and not known else ()):
            yield from self._finish_item(index, item)

    def end(self) -> Iterator[ModelEvent]:
        if self._response is None:
            said_something = self._texts or self._calls or self._parts or self._thought
            raise AnswerError("cut_off" if said_something else "unreadable")
        reason = str(_inner(self._response, "incomplete_details").get("reason") or "")
        if self._refusal or reason == "content_filter":
            raise AnswerError("filtered", "".join(self._refusal))
        calls = {index: call.whole() for index, call in self._calls.items()}
        yield from calls.values()
        whole: dict[int, Part] = {**self._parts, **calls}
        whole |= {index: "".join(texts) for index, texts in self._texts.items()}
        finish = FINISH_REASONS.get(reason, "unknown") if reason else "tool_call" if calls else "stop"
        parts = [part for _, part in sorted(whole.items(), key=lambda one: one[0])]
        yield StepEnd(_usage_of(_inner(self._response, "usage")), finish, write_state(self._provider, parts))


def _usage_of(usage: Mapping[str, Any]) -> Usage:
    return known_usage(
        Usage(
            prompt_tokens=count(usage, "input_tokens"),
            completion_tokens=count(usage, "output_tokens"),
            cache_tokens=count(usage, "input_tokens_details.cached_tokens"),
            reasoning_tokens=count(usage, "output_tokens_details.reasoning_tokens"),
            cache_write_tokens=count(usage, "input_tokens_details.cache_write_tokens"),
        )
    )


def _kind(event: Any) -> str:
    """The type of an event; error for whatever has one in it. Raises AnswerError where it is no event."""
    if not isinstance(event, dict):
        raise AnswerError("unreadable")
    kind = str(event.get("type") or "")
    return "error" if event.get("error") and not kind.startswith("response.") else kind


def _inner(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def open_adapter(provider_name: str, model: str, base_url: str, config: ProviderConfig) -> ResponsesAdapter:
    """The adapter for a model of OpenAI's, or of a server that speaks this protocol too."""
    headers = json_headers(config.key(provider_name))
    return ResponsesAdapter(provider_name, join_url(base_url, "/responses"), headers, model, config.max_output_tokens)
