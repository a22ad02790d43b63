"""REST for the viewer: a chat's calls as lines of a table, many on a page."""

from uuid import UUID

from django.db.models import Subquery
from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .api import find
from .facts import summary_facts
from .models import ModelStep, ToolTrace, TurnSummary
from .outline import calls_table, idle_gaps, steps_table, without_bodies
from .paging import Cursor, Page, read_page
from .queries import TRACE_ORDERS, TraceQuery
from .serializers import TurnSummarySerializer

NARROWED = ("tool", "status", "min_ms", "q")


class OutlineQuery(TraceQuery):
    limit = serializers.IntegerField(required=False, default=500, min_value=1, max_value=1000)


_TABLE = inline_serializer(
    "OutlineTable",
    {
        "columns": serializers.ListField(child=serializers.CharField()),
        "rows": serializers.ListField(child=serializers.ListField()),
    },
)


@method_decorator(gzip_page, name="dispatch")
class ChatOutline(APIView):
    """The chat's tool calls as a table without bodies, with the turns they belong to. One turn in order (`turn=`,
    `sort=oldest`, no filter) comes with its model steps, and on the first page with its long idle times."""

    @extend_schema(
        parameters=[OutlineQuery],
        responses=inline_serializer(
            "Outline",
            {
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
                "turns": TurnSummarySerializer(many=True),
                "calls": _TABLE,
                "steps": _TABLE,
                "gaps": serializers.ListField(
                    child=serializers.ListField(child=serializers.FloatField()), allow_null=True
                ),
            },
        ),
    )
    def get(self, request: Request, chat_id: UUID) -> Response:
        chat = find(request, "chats.Chat", chat_id)
        query = OutlineQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        order = TRACE_ORDERS[given["sort"]]
        cursor = Cursor.decode(given["cursor"], order) if "cursor" in given else None
        search = query.search(without_bodies(ToolTrace.objects.filter(chat=chat)))
        page = read_page(search, order, cursor, given["limit"])
        turn_id = given.get("turn")
        whole = turn_id and given["sort"] == "oldest" and not any(name in given for name in NARROWED)
        named = {trace.turn_id for trace in page.rows} | ({turn_id} if turn_id else set())
        turns = TurnSummary.objects.filter(chat=chat, pk__in=named)
        return Response(
            page.links(request)
            | {
                "turns": [summary_facts(turn) for turn in turns],
                "calls": calls_table(page.rows),
                "steps": steps_table(_steps_beside(page, cursor, turn_id) if whole else []),
                "gaps": idle_gaps(turn_id) if whole and cursor is None else None,
            }
        )


def _steps_beside(page: Page, cursor: Cursor | None, turn_id: UUID) -> list[ModelStep]:
    """The steps from the page's first call to its last, those without calls too; the first and the last page have what
    lies before and behind as well. Of a step whose calls are on two pages the first one tells."""
    steps = ModelStep.objects.filter(turn_id=turn_id).order_by("message_id")
    if cursor is not None:
        last = ToolTrace.objects.filter(pk=cursor.values[0]).values("message_id")
        steps = steps.filter(message_id__gt=Subquery(last))
    if page.next is not None:
        steps = steps.filter(message_id__lte=page.rows[-1].message_id)
    return list(steps)
