"""REST for turns: a chat's list, totals, and a chat's traces for other tools."""

from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from boocode.web.access import visible_to
from boocode.web.views import KnownQuery
from chats.models import Chat, Project, Session
from traces.models import DailyUsage, TurnSummary
from traces.read import usage
from traces.read.paging import Cursor, read_page
from traces.read.queries import TURN_ORDER, TurnQuery
from traces.record.trace_json import encode_turn

from . import export
from .api import AlwaysJSON, find
from .serializers import (
    DaysSerializer,
    ExportSerializer,
    SpansSerializer,
    TurnSummarySerializer,
    UsageSerializer,
    page_of,
)


class ChatTurns(KnownQuery):
    """The chat's turns, newest first, a summary of each. A filter looks through some thousand turns at most for one
    page, so a page may be short and still have a next one."""

    query_class = TurnQuery

    @extend_schema(parameters=[TurnQuery], responses=page_of("TurnPage", TurnSummarySerializer))
    def get(self, request: Request, chat_id: UUID) -> Response:
        chat = find(request, Chat, chat_id)
        query = self.read_query(request)
        given = query.validated_data
        cursor = Cursor.decode(given["cursor"], TURN_ORDER) if "cursor" in given else None
        search = query.search(TurnSummary.objects.filter(chat=chat))
        page = read_page(search, TURN_ORDER, cursor, given["limit"])
        return Response(page.links(request) | {"results": [encode_turn(turn) for turn in page.rows]})


class TurnUsage(KnownQuery):
    """What one turn used so far."""

    @extend_schema(responses=UsageSerializer)
    def get(self, request: Request, turn_id: UUID) -> Response:
        turn = find(request, TurnSummary, turn_id)
        return Response(usage.sum_turn(turn))


class Usage(KnownQuery):
    """What was used by all that is yours, or by one project, session or chat."""

    query_class = DaysSerializer

    model: type[Chat | Project | Session] = Chat
    path = ""
    """From a chat to the object."""

    @extend_schema(parameters=[DaysSerializer], responses=UsageSerializer)
    def get(self, request: Request, pk: UUID | None = None) -> Response:
        days = self.read_query(request)
        rows = visible_to(request.user, DailyUsage.objects.all())
        if pk is not None:
            rows = DailyUsage.objects.filter(**{self.path: find(request, self.model, pk)})
        return Response(usage.sum_days(rows, **days.validated_data))


class ChatExport(KnownQuery):
    """The chat's traces for other tools, oldest first: `otlp` is OTLP's JSON, with a trace for each turn; `csv` has a
    line for each tool call."""

    query_class = ExportSerializer

    content_negotiation_class = AlwaysJSON

    @extend_schema(
        parameters=[ExportSerializer],
        responses={(200, "application/json"): SpansSerializer, (200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, chat_id: UUID) -> StreamingHttpResponse:
        chat = find(request, Chat, chat_id)
        wanted = self.read_query(request)
        kind = wanted.validated_data["format"]
        content_type, write = export.FORMATS[kind]
        ending = {"otlp": "json", "csv": "csv"}[kind]
        headers = {"Content-Disposition": f'attachment; filename="traces-{chat.pk}.{ending}"'}
        return StreamingHttpResponse(write(chat.pk), content_type=content_type, headers=headers)
