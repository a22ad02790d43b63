"""Sends turns as spans to where OTEL_EXPORTER_OTLP_ENDPOINT points, once they are over. A thread of its own does it, so
that a collector that is slow or gone costs no turn anything."""

import logging
import os
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, connection

from chats.models import Message
from traces.models import ModelStep, ToolTrace, TurnSummary
from traces.redactor import redactor

from .spans import SCOPE, Span, Turn, make_spans, traceparent

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

logger = logging.getLogger(__name__)

BATCH = 500


def environment_of(turn_id: UUID, trace_id: UUID) -> dict[str, str]:
    """Returns what a command is told of the call that runs it, nothing where no spans are exported."""
    return {"TRACEPARENT": traceparent(turn_id, trace_id)} if settings.OTLP_ENDPOINT else {}


# --- Rows ------------------------------------------------------------------------------------------------------------


def read_turns(summaries: Sequence[TurnSummary], *, with_content: bool) -> list[Turn]:
    """Reads the rows of some turns."""
    ids = [summary.turn_id for summary in summaries]
    calls = ToolTrace.objects.filter(turn_id__in=ids).order_by("id")
    if not with_content:
        calls = calls.defer("input", "output")
    steps = _by_turn(ModelStep.objects.filter(turn_id__in=ids).order_by("id"))
    prompts, said = _content(ids) if with_content else ({}, {})
    grouped = _by_turn(calls)
    return [
        Turn(
            summary=summary,
            steps=steps.get(summary.turn_id, []),
            calls=grouped.get(summary.turn_id, []),
            prompt=prompts.get(summary.turn_id, ""),
            said=said,
            with_content=with_content,
        )
        for summary in summaries
    ]


def _by_turn(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    grouped: dict[UUID, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.turn_id, []).append(row)
    return grouped


def _content(turn_ids: list[UUID]) -> tuple[dict[UUID, str], dict[UUID, list[dict[str, Any]]]]:
    mask = redactor()
    prompts: dict[UUID, str] = {}
    said: dict[UUID, list[dict[str, Any]]] = {}
    messages: Iterable[Any] = Message.objects.filter(turn_id__in=turn_ids)
    for message in messages:
        if message.role == "user":
            prompts[message.turn_id] = mask.text(message.content)
        elif message.role == "assistant":
            said[message.pk] = mask.value(_parts(message))
    return prompts, said


def _parts(message: Any) -> list[dict[str, Any]]:
    parts = []
    if reasoning := message.metadata.get("reasoning"):
        parts.append({"type": "reasoning", "content": reasoning})
    if message.content:
        parts.append({"type": "text", "content": message.content})
    return parts + [
        {"type": "tool_call", "id": call["id"], "name": call["name"], "arguments": call["args"]}
        for call in message.tool_calls or ()
    ]


# --- Export ----------------------------------------------------------------------------------------------------------


def export_soon(turn_id: UUID) -> None:
    """Exports a turn that is over, if that is wanted. Returns at once."""
    if settings.OTLP_ENDPOINT:
        _sender.send(turn_id)


def flush(timeout_s: float) -> None:
    """Waits for what is on its way, for `timeout_s` at most, and logs how much was not sent."""
    if settings.OTLP_ENDPOINT and (left := _sender.wait(timeout_s)):
        logger.warning("%d turns were not exported to %s.", left, settings.OTLP_ENDPOINT)


class Sender:
    """Sends one turn after the other. A daemon: nobody waits for it at the end of the process but `wait`."""

    def __init__(self) -> None:
        self._turns: SimpleQueue[UUID] = SimpleQueue()
        self._open = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._exporter: SpanExporter | None = None

    def send(self, turn_id: UUID) -> None:
        """Queues a turn. From any thread."""
        with self._changed:
            self._open += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="spans", daemon=True)
                self._thread.start()
        self._turns.put(turn_id)

    def wait(self, timeout_s: float) -> int:
        """Waits for `timeout_s` at most. Returns how many turns are left."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open, timeout_s)
            return self._open

    def _run(self) -> None:
        while True:
            turn_id = self._turns.get()
            try:
                self._send(turn_id)
            except Exception as error:
                logger.warning("Turn %s was not exported: %s", turn_id, error)
            finally:
                if connection.connection is not None:
                    close_old_connections()
                with self._changed:
                    self._open -= 1
                    self._changed.notify_all()

    def _send(self, turn_id: UUID) -> None:
        summaries = list(TurnSummary.objects.filter(pk=turn_id))
        turns = read_turns(summaries, with_content=settings.OTLP_WITH_CONTENT)
        spans = [as_sdk_span(span) for turn in turns for span in make_spans(turn)]
        for start in range(0, len(spans), BATCH):
            self._export(spans[start : start + BATCH])

    def _export(self, spans: Sequence["ReadableSpan"]) -> None:
        # Half a second and 15 MB that only those pay who export.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import SpanExportResult

        if self._exporter is None:
            self._exporter = OTLPSpanExporter()
        if self._exporter.export(spans) is not SpanExportResult.SUCCESS:
            raise ConnectionError(f"{settings.OTLP_ENDPOINT} did not take the spans")


def as_sdk_span(span: Span) -> "ReadableSpan":
    """Returns the span as the SDK's exporters take it."""
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    def context(span_id: int) -> SpanContext:
        return SpanContext(span.trace_id, span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))

    return ReadableSpan(
        name=span.name,
        context=context(span.span_id),
        parent=None if span.parent_id is None else context(span.parent_id),
        resource=_resource(),
        attributes=span.attributes,
        kind=SpanKind.CLIENT if span.client else SpanKind.INTERNAL,
        status=Status(StatusCode.UNSET) if span.error is None else Status(StatusCode.ERROR, span.error),
        start_time=span.start_ns,
        end_time=span.end_ns,
        instrumentation_scope=InstrumentationScope(SCOPE),
    )


@cache
def _resource() -> "Resource":
    from opentelemetry.sdk.resources import Resource

    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return Resource.create({} if named else {"service.name": SCOPE})


_sender = Sender()
