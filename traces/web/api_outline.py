"""REST for the viewer: a chat's calls as lines of a table, many on a page."""

from typing import Any
from uuid import UUID

from django.db.models import Subquery
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from boocode.web.views import KnownQuery
from chats.models import Chat
from traces.models import ModelStep, ToolTrace, TurnSummary
from traces.read.paging import Cursor, Page, read_page
from traces.read.queries import TRACE_ORDERS, TraceQuery
from traces.read.table import defer_bodies, read_idle_gaps, tabulate_calls, tabulate_steps
from traces.record.trace_json import encode_turn

from .api import find
from .serializers import TurnSummarySerializer

NARROWED = ("tool", "status", "min_ms", "q")


class OutlineQuery(TraceQuery):
    limit = serializers.IntegerField(required=False, default=500, min_value=1, max_value=1000)


class OutlineTableSerializer(serializers.Serializer[Any]):
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField())


@method_decorator(gzip_page, name="dispatch")
class ChatOutline(KnownQuery):
    """The chat's tool calls as a table without bodies, with the turns they belong to. One turn in order (`turn=`,
    `sort=oldest`, no filter) comes with its model steps, and on the first page with its long idle times."""

    query_class = OutlineQuery

    @extend_schema(
        parameters=[OutlineQuery],
        responses=inline_serializer(
            "Outline",
            {
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
                "turns": TurnSummarySerializer(many=True),
                "calls": OutlineTableSerializer(),
                "steps": OutlineTableSerializer(),
                "gaps": serializers.ListField(
                    child=serializers.ListField(child=serializers.FloatField()), allow_null=True
                ),
            },
        ),
    )
    def get(self, request: Request, chat_id: UUID) -> Response:
        chat = find(request, Chat, chat_id)
        query = self.read_query(request)
        given = query.validated_data
        order = TRACE_ORDERS[given["sort"]]
        cursor = Cursor.decode(given["cursor"], order) if "cursor" in given else None
        search = query.search(defer_bodies(ToolTrace.objects.filter(chat=chat)))
        page = read_page(search, order, cursor, given["limit"])
        turn_id = given.get("turn")
        whole = turn_id and given["sort"] == "oldest" and not any(name in given for name in NARROWED)
        named = {trace.turn_id for trace in page.rows} | ({turn_id} if turn_id else set())
        turns = TurnSummary.objects.filter(chat=chat, pk__in=named)
        return Response(
            page.links(request)
            | {
                "turns": [encode_turn(turn) for turn in turns],
                "calls": tabulate_calls(page.rows),
                "steps": tabulate_steps(_steps_beside(page, cursor, turn_id) if whole else []),
                "gaps": read_idle_gaps(turn_id) if whole and cursor is None else None,
            }
        )


def _steps_beside(page: Page, cursor: Cursor | None, turn_id: UUID) -> list[ModelStep]:
    """Reads the steps from the page's first call to its last, those without calls too. The first and the last page have
    what lies before and behind as well. A step whose calls are on two pages is on the first of them."""
    steps = ModelStep.objects.filter(turn_id=turn_id).order_by("id")
    if cursor is not None:
        before = ModelStep.objects.filter(message__traces=cursor.values[0])
        steps = steps.filter(pk__gt=Subquery(before.values("pk")[:1]))
    if page.next is not None:
        last = ModelStep.objects.filter(message_id=page.rows[-1].message_id)
        steps = steps.filter(pk__lte=Subquery(last.values("pk")[:1]))
    return list(steps)
