"""A real turn, seen by a real OTLP receiver."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.server import Server, ServerFactory
from tests.traces.receiver import Receiver, receiving
from tests.turns.conftest import Talk

SCRIPT = [
    {"reasoning": "Let me see."},
    {"text": "I ask."},
    {"usage": {"prompt_tokens": 1000, "completion_tokens": 50, "cache_tokens": 200, "reasoning_tokens": 10}},
    {"tool": "run_command", "args": {"command": [sys.executable, "-c", "import os; print(os.environ['TRACEPARENT'])"]}},
    {"tool": "run_command", "args": {"command": ["false"]}},
    {"step": True},
    {"text": "Done."},
]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def servers(receiver: Receiver, server_factory: ServerFactory) -> Iterator[dict[bool, Server]]:
    """Two that export: without content, and with it."""
    content = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true"}
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
    found = {told: server_factory.make(environment | (content if told else {})) for told in (False, True)}
    yield {told: server.start() for told, server in found.items()}
    for server in found.values():
        server_factory.discard(server)


@pytest.fixture
def play(
    receiver: Receiver, servers: dict[bool, Server], talk: Callable[..., Talk]
) -> Callable[..., tuple[Talk, dict[str, Any]]]:
    """Plays the script on a server that exports, and gives the chat and its turn."""

    def start(*, content: bool = False) -> tuple[Talk, dict[str, Any]]:
        receiver.spans.clear()
        chat = talk(SCRIPT, server=servers[content])
        chat.say("Ask the environment")
        chat.wait()
        (turn,) = chat.server.api("GET", f"/api/chats/{chat.chat_id}/turns")["results"]
        return chat, turn

    return start


def test_a_turn_is_a_span_with_its_steps_and_calls_below(receiver: Receiver, play: Callable[..., Any]) -> None:
    _, turn = play()
    root, *children = receiver.wait(5)
    assert root.name == "invoke_agent boocode"
    assert [child.name for child in children] == [
        f"chat {turn['model'].partition(':')[2]}",
        "execute_tool run_command",
        "execute_tool run_command",
        f"chat {turn['model'].partition(':')[2]}",
    ]
    assert root.service == "boocode"
    assert root.span.trace_id == UUID(turn["id"]).bytes
    assert not root.span.parent_span_id
    assert {child.span.trace_id for child in children} == {root.span.trace_id}
    assert {child.span.parent_span_id for child in children} == {root.span.span_id}
    assert len({received.span.span_id for received in receiver.spans}) == 5
    for child in children:
        assert root.span.start_time_unix_nano <= child.span.start_time_unix_nano <= child.span.end_time_unix_nano
        assert child.span.end_time_unix_nano <= root.span.end_time_unix_nano


def test_it_speaks_the_conventions_for_generative_ai(receiver: Receiver, play: Callable[..., Any]) -> None:
    chat, turn = play()
    root, step, ok, failed, _ = receiver.wait(5)
    assert root.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert root.attributes["gen_ai.conversation.id"] == chat.chat_id
    assert root.attributes["gen_ai.usage.input_tokens"] == turn["tokens"]["prompt"]
    assert step.span.kind == 3
    assert {name: step.attributes[name] for name in step.attributes if name.startswith("gen_ai.usage")} == {
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.cache_read.input_tokens": 200,
        "gen_ai.usage.reasoning.output_tokens": 10,
    }
    assert step.attributes["gen_ai.provider.name"] == "scripted"
    assert step.attributes["gen_ai.response.finish_reasons"] == ["tool_call"]
    assert 0 < step.attributes["gen_ai.response.time_to_first_chunk"] < 5
    assert ok.attributes["gen_ai.tool.name"] == "run_command"
    assert ok.span.status.code == 0
    assert failed.attributes["error.type"] == "error"
    assert failed.attributes["process.exit.code"] == 1
    assert (failed.span.status.code, failed.span.status.message) == (2, "Exit status 1.")


def test_its_names_are_those_of_the_conventions(receiver: Receiver, play: Callable[..., Any]) -> None:
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes

    play(content=True)
    known = {value for value in vars(gen_ai_attributes).values() if isinstance(value, str)}
    sent = {name for received in receiver.wait(5) for name in received.attributes if name.startswith("gen_ai.")}
    assert sent <= known


def test_it_tells_no_content_unless_it_is_asked_to(receiver: Receiver, play: Callable[..., Any]) -> None:
    play()
    told = json.dumps([received.attributes for received in receiver.wait(5)])
    assert "Ask the environment" not in told
    assert "TRACEPARENT" not in told
    assert "Done." not in told


def test_it_tells_content_where_it_is_asked_to(receiver: Receiver, play: Callable[..., Any]) -> None:
    play(content=True)
    root, step, call, _, last = receiver.wait(5)
    assert json.loads(root.attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "Ask the environment"}]}
    ]
    assert root.attributes["gen_ai.output.messages"] == last.attributes["gen_ai.output.messages"]
    (said,) = json.loads(step.attributes["gen_ai.output.messages"])
    assert [part["type"] for part in said["parts"]] == ["reasoning", "text", "tool_call", "tool_call"]
    assert "TRACEPARENT" in call.attributes["gen_ai.tool.call.arguments"]
    assert json.loads(last.attributes["gen_ai.output.messages"])[0]["parts"] == [{"type": "text", "content": "Done."}]


def test_a_command_knows_the_span_that_runs_it(receiver: Receiver, play: Callable[..., Any]) -> None:
    chat, _ = play()
    call = receiver.wait(5)[2].span
    printed = chat.traces()[0]["output"].strip()
    assert printed == f"00-{call.trace_id.hex()}-{call.span_id.hex()}-01"


def test_a_command_is_told_of_no_span_where_none_is_exported(talk: Callable[..., Talk]) -> None:
    chat = talk(SCRIPT)
    chat.say("go")
    chat.wait()
    assert "KeyError: 'TRACEPARENT'" in chat.traces()[0]["output"]


def test_a_collector_that_is_gone_costs_a_turn_nothing(serve: Callable[..., Server], talk: Callable[..., Talk]) -> None:
    server = serve(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_EXPORTER_OTLP_TIMEOUT="1")
    chat = talk([{"text": "Done."}], server=server)
    chat.say("go")
    assert chat.wait(timeout_s=5)[-1]["content"] == "Done."
    chat.wait_until(lambda: "was not exported" in server.output)
    assert server.stop() == 0


def test_the_export_of_a_chat_tells_the_same_spans(receiver: Receiver, play: Callable[..., Any]) -> None:
    chat, _ = play()
    url = f"{chat.server.url}/api/chats/{chat.chat_id}/traces/export?format=otlp"
    answer = httpx2.get(url, headers={"Authorization": f"Bearer {chat.server.token}"}, trust_env=False)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="traces-{chat.chat_id}.json"'
    (resource,) = answer.json()["resourceSpans"]
    (scope,) = resource["scopeSpans"]
    exported = {span["spanId"]: span for span in scope["spans"]}
    for received in receiver.wait(5):
        span = exported.pop(received.span.span_id.hex())
        assert span["traceId"] == received.span.trace_id.hex()
        assert span.get("parentSpanId", "") == received.span.parent_span_id.hex()
        assert (span["name"], span["kind"]) == (received.name, received.span.kind)
        assert int(span["startTimeUnixNano"]) == received.span.start_time_unix_nano
        assert int(span["endTimeUnixNano"]) == received.span.end_time_unix_nano
        assert {entry["key"] for entry in span["attributes"]} == set(received.attributes)
    assert exported == {}
