"""Makes a turn's OpenTelemetry spans, by the semantic conventions for generative AI (version 1.41): the turn is
`invoke_agent`, its children are a `chat` for each model step and an `execute_tool` for each call.

The ids follow from the rows' own, so that they are known while a command runs, and an export made twice is the same.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from traces.models import ModelStep, ToolTrace, TurnSummary

SCOPE = "boocode"
PROVIDERS = {
    "google": "gcp.gemini",
    "mistral": "mistral_ai",
    "xai": "x_ai",
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "openai-chat": "openai",
    "openai-responses": "openai",
}
"""Our provider names where the conventions have others."""

Attributes = Mapping[str, str | int | float | bool | list[str]]


@dataclass(frozen=True)
class Span:
    """Describes a span. Times are ns since 1970. `error` is None where it went well. `client`: a request to another
    system."""

    trace_id: int
    span_id: int
    parent_id: int | None
    name: str
    start_ns: int
    end_ns: int
    attributes: Attributes = field(default_factory=dict)
    error: str | None = None
    client: bool = False


@dataclass(frozen=True)
class Turn:
    """Holds the rows of one turn. `prompt` is what the person wrote, `said` by step its message: text, reasoning,
    calls; both empty where content is not to be told."""

    summary: TurnSummary
    steps: list[ModelStep]
    calls: list[ToolTrace]
    prompt: str = ""
    said: Mapping[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    with_content: bool = False


def span_id(row_id: UUID) -> int:
    """Derives a span's id (64 bits, never 0) from its row's."""
    return int.from_bytes(blake2b(row_id.bytes, digest_size=8).digest()) or 1


def traceparent(turn_id: UUID, trace_id: UUID) -> str:
    """Returns what a command gets as TRACEPARENT (W3C Trace Context): its own spans become children of the call's."""
    return f"00-{turn_id.hex}-{span_id(trace_id):016x}-01"


def make_spans(turn: Turn) -> Iterator[Span]:
    """Yields the turn's span and its children. Steps and calls that have not ended are left out."""
    if turn.summary.finished_at is not None:
        yield _turn_span(turn)
    for step in turn.steps:
        if step.finished_at is not None:
            yield _step_span(turn, step)
    for call in turn.calls:
        if call.finished_at is not None:
            yield _call_span(turn, call)


def _turn_span(turn: Turn) -> Span:
    row = turn.summary
    assert row.finished_at is not None
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": SCOPE,
        **model_attributes(row.model),
        "gen_ai.conversation.id": str(row.chat_id),
        "gen_ai.usage.input_tokens": row.prompt_tokens,
        "gen_ai.usage.output_tokens": row.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": row.cache_tokens,
        "boocode.turn.status": row.status,
        "boocode.turn.steps": row.steps,
        "boocode.turn.calls": row.calls,
        "boocode.turn.failures": row.failures,
        "boocode.queue_ms": row.queue_ms,
        "boocode.wait_ms": row.wait_ms,
        "boocode.cost_usd": None if row.unpriced else float(row.cost_usd),
    }
    if turn.with_content:
        prompt = [{"role": "user", "parts": [{"type": "text", "content": turn.prompt}]}]
        attributes["gen_ai.input.messages"] = _json(prompt)
        if answers := [step for step in turn.steps if step.purpose == ModelStep.Purpose.ANSWER]:
            attributes["gen_ai.output.messages"] = _output_messages(turn, answers[-1])
    failed = row.status == TurnSummary.Status.FAILED
    return Span(
        trace_id=row.turn_id.int,
        span_id=span_id(row.turn_id),
        parent_id=None,
        name=f"invoke_agent {SCOPE}",
        start_ns=_ns(row.started_at or row.queued_at),
        end_ns=_ns(row.finished_at),
        attributes=_known(attributes | _error_type("failed" if failed else None)),
        error=row.last_error if failed else None,
    )


def _step_span(turn: Turn, step: ModelStep) -> Span:
    assert step.finished_at is not None
    turn_id = turn.summary.turn_id
    failed = step.status not in (ModelStep.Status.OK, ModelStep.Status.CANCELLED)
    first = step.first_token_at and (step.first_token_at - step.started_at).total_seconds()
    attributes = {
        "gen_ai.operation.name": "chat",
        **model_attributes(step.model),
        "gen_ai.conversation.id": str(step.chat_id),
        "gen_ai.output.type": "text",
        "gen_ai.usage.input_tokens": step.prompt_tokens,
        "gen_ai.usage.output_tokens": step.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": step.cache_tokens,
        "gen_ai.usage.reasoning.output_tokens": step.reasoning_tokens,
        "gen_ai.response.finish_reasons": [step.finish_reason] if step.finish_reason else None,
        "gen_ai.response.time_to_first_chunk": first,
        "boocode.step": step.number,
        "boocode.purpose": None if step.purpose == ModelStep.Purpose.ANSWER else step.purpose,
        "boocode.cost_usd": None if step.cost_usd is None else float(step.cost_usd),
    }
    if turn.with_content:
        attributes["gen_ai.output.messages"] = _output_messages(turn, step)
    return Span(
        trace_id=turn_id.int,
        span_id=span_id(step.pk),
        parent_id=span_id(turn_id),
        name=f"chat {model_attributes(step.model)['gen_ai.request.model']}".strip(),
        start_ns=_ns(step.started_at),
        end_ns=_ns(step.finished_at),
        attributes=_known(attributes | _error_type(step.status if failed else None)),
        error=step.error if failed else None,
        client=True,
    )


def _output_messages(turn: Turn, step: ModelStep) -> str:
    parts = turn.said.get(step.message_id, []) if step.message_id else []
    return _json([{"role": "assistant", "parts": parts, "finish_reason": step.finish_reason or step.status}])


def _call_span(turn: Turn, call: ToolTrace) -> Span:
    assert call.finished_at is not None
    failed = call.status in ToolTrace.FAILURES
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": call.tool,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": call.tool_call_id,
        "gen_ai.conversation.id": str(call.chat_id),
        "process.exit.code": call.exit_code,
        "boocode.step": call.step,
        "boocode.trace.id": str(call.id),
        "boocode.trace.status": call.status,
        "boocode.queue_ms": call.queue_ms,
        "boocode.wait_ms": call.wait_ms,
        "boocode.output_bytes": call.output_bytes,
    }
    if turn.with_content:
        attributes["gen_ai.tool.call.arguments"] = _json(call.input)
        attributes["gen_ai.tool.call.result"] = call.output
    return Span(
        trace_id=call.turn_id.int,
        span_id=span_id(call.id),
        parent_id=span_id(call.turn_id),
        name=f"execute_tool {call.tool}",
        start_ns=_ns(call.started_at),
        end_ns=_ns(call.finished_at),
        attributes=_known(attributes | _error_type(call.status if failed else None)),
        error=call.error if failed else None,
    )


def model_attributes(name: str) -> dict[str, str]:
    """Names the provider and the model, whose own name may hold colons, as in `ollama:qwen3:8b`."""
    provider, _, model = name.partition(":") if ":" in name else ("", "", name)
    return {"gen_ai.provider.name": PROVIDERS.get(provider, provider), "gen_ai.request.model": model}


def _error_type(status: str | None) -> dict[str, str]:
    return {"error.type": status} if status else {}


def _known(attributes: Mapping[str, Any]) -> Attributes:
    return {name: value for name, value in attributes.items() if value is not None and value != ""}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _ns(at: datetime) -> int:
    """Returns ns since 1970, exactly: a float of seconds would round to some 100 ns."""
    return (at - datetime(1970, 1, 1, tzinfo=at.tzinfo)) // timedelta(microseconds=1) * 1000


# --- As OTLP's JSON --------------------------------------------------------------------------------------------------


def encode_span(span: Span) -> dict[str, Any]:
    """Returns the span in OTLP's JSON encoding: ids as hexadecimal, 64-bit numbers as text, enums as numbers."""
    return {
        "traceId": f"{span.trace_id:032x}",
        "spanId": f"{span.span_id:016x}",
        **({} if span.parent_id is None else {"parentSpanId": f"{span.parent_id:016x}"}),
        "name": span.name,
        "kind": 3 if span.client else 1,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": list(_key_values(span.attributes.items())),
        "status": {} if span.error is None else {"code": 2, "message": span.error},
    }


def _key_values(items: Iterable[tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    for key, value in items:
        yield {"key": key, "value": _any_value(value)}


def _any_value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_any_value(item) for item in value]}}
        case _:
            return {"stringValue": str(value)}
