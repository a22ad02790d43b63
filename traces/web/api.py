"""REST for tool calls: a chat's list, one call, its output by range. Turns, totals and exports are in views of their
own (api_turns.py)."""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model
from django.db.models.functions import Left
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from boocode.web.access import visible_to
from boocode.web.views import KnownQuery
from chats.models import Chat
from traces.models import ToolTrace
from traces.read.byte_ranges import RangeNotSatisfiable, count_lines, cut_bytes, cut_lines
from traces.read.paging import Cursor, read_page
from traces.read.queries import TRACE_ORDERS, TraceQuery
from traces.record import outputs
from traces.record.trace_json import PREVIEW_CHARS, encode_trace, read_context_costs, read_waiting

from .serializers import LinesSerializer, ListedTraceSerializer, TraceSerializer, page_of

M = TypeVar("M", bound=Model)


def find(request: Request, model: type[M], pk: UUID) -> M:
    """Find a row, if it belongs to the person who asks. Raises Http404."""
    return get_object_or_404(visible_to(request.user, model._default_manager.all()), pk=pk)


class ChatTraces(KnownQuery):
    """The chat's tool calls. Bodies over 2 KiB are cut; `cut` names them. A filter looks through some thousand calls at
    most for one page, so a page may be short and still have a next one."""

    query_class = TraceQuery

    @extend_schema(parameters=[TraceQuery], responses=page_of("TracePage", ListedTraceSerializer))
    def get(self, request: Request, chat_id: UUID) -> Response:
        chat = find(request, Chat, chat_id)
        query = self.read_query(request)
        given = query.validated_data
        order = TRACE_ORDERS[given["sort"]]
        cursor = Cursor.decode(given["cursor"], order) if "cursor" in given else None
        # The whole output stays in the database: a page of 200 could be 6 MB.
        rows = ToolTrace.objects.filter(chat=chat).defer("output").annotate(head=Left("output", PREVIEW_CHARS + 1))
        page = read_page(query.search(rows), order, cursor, given["limit"])
        costs = read_context_costs(page.rows)
        waiting = read_waiting(page.rows)
        results = [_listed(trace, trace.id in waiting) | costs[trace.id] for trace in page.rows]
        return Response(page.links(request) | {"results": results})


def _listed(trace: ToolTrace, is_waiting: bool) -> dict[str, Any]:
    trace.output = trace.head  # type: ignore[attr-defined]
    entry = encode_trace(trace, full=False)
    return (
        entry
        | {"waiting": is_waiting}
        | {"cut": [name for name in ("input", "output") if entry[name] != getattr(trace, name)]}
    )


def find_trace(request: Request, trace_id: UUID) -> ToolTrace:
    return get_object_or_404(visible_to(request.user, ToolTrace.objects.all()), pk=trace_id)


class TraceDetail(KnownQuery):
    """One tool call, whole."""

    @extend_schema(responses=TraceSerializer)
    def get(self, request: Request, trace_id: UUID) -> Response:
        trace = find_trace(request, trace_id)
        waiting = {"waiting": trace.id in read_waiting([trace])}
        return Response(encode_trace(trace, full=True) | waiting | read_context_costs([trace])[trace.id])


class AlwaysJSON(BaseContentNegotiation):
    """For a call that answers with text whatever is asked for; its errors are JSON all the same."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class TraceOutput(KnownQuery):
    """The output as it was captured, as text: all of it, some lines, or the bytes that a `Range` header names. What is
    no UTF-8 is sent as it came. `X-Output-Lines` says how many lines there are."""

    query_class = LinesSerializer

    content_negotiation_class = AlwaysJSON

    @extend_schema(
        parameters=[
            LinesSerializer,
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="For example bytes=0-1023"),
        ],
        responses={
            (200, "text/plain"): OpenApiTypes.STR,
            (206, "text/plain"): OpenApiTypes.STR,
            416: inline_serializer("RangeError", {"detail": serializers.CharField()}),
        },
    )
    def get(self, request: Request, trace_id: UUID) -> HttpResponse:
        trace = find_trace(request, trace_id)
        wanted = self.read_query(request)
        body = captured(trace)
        answer = _text_response(cut_lines(body, **wanted.validated_data), request.headers.get("Range"))
        answer["X-Output-Lines"] = str(count_lines(body))
        return answer


def captured(trace: ToolTrace) -> bytes:
    """What the call gave, from the file where there is one. Raises NotFound where that is gone."""
    try:
        return outputs.read(trace.output_digest) if trace.output_digest else trace.output.encode()
    except outputs.OutputGone as error:
        raise NotFound(str(error)) from None


def _text_response(body: bytes, range_header: str | None) -> HttpResponse:
    try:
        part = cut_bytes(len(body), range_header)
    except RangeNotSatisfiable as error:
        headers = {"Content-Range": f"bytes */{len(body)}"}
        return Response({"detail": str(error)}, status=416, headers=headers)
    if part is None:
        return HttpResponse(body, content_type="text/plain; charset=utf-8", headers={"Accept-Ranges": "bytes"})
    headers = {"Content-Range": f"bytes {part.start}-{part.stop - 1}/{len(body)}", "Accept-Ranges": "bytes"}
    return HttpResponse(
        body[part.start : part.stop], status=206, content_type="text/plain; charset=utf-8", headers=headers
    )
