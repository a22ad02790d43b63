"""Serves the approvals that wait over REST, so that a script or another page can find and decide them."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from boocode.web.access import visible_to
from boocode.web.views import KnownQuery
from chats.models import Approval
from traces.read.paging import Cursor, Order, Query, Search, read_page
from traces.web.serializers import page_of

from .lookups import find_chat

ORDER = Order("oldest", ("id",), (UUID,))


class WaitingQuery(Query):
    """Takes which approvals to list."""

    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)
    cursor = serializers.CharField(required=False, max_length=500, help_text="From `next` or `previous`.")
    session = serializers.UUIDField(required=False, help_text="The id of a session.")
    project = serializers.UUIDField(required=False, help_text="The id of a project.")


class WaitingSerializer(serializers.Serializer[Any]):
    """Gives a call that waits for a person. Decide at `POST /api/traces/<trace_id>/decision`."""

    trace_id = serializers.UUIDField()
    turn_id = serializers.UUIDField()
    chat_id = serializers.UUIDField(source="turn.chat_id")
    session_id = serializers.UUIDField(source="turn.chat.session_id")
    project_id = serializers.UUIDField(source="turn.chat.session.project_id")
    tool = serializers.CharField(source="trace.tool")
    input = serializers.JSONField(source="trace.input")
    reason = serializers.CharField(help_text="Why a person is asked.")
    diff = serializers.CharField(help_text="What the call would change in files.")
    since = serializers.DateTimeField(source="asked_at")
    expires_at = serializers.DateTimeField(help_text="When it counts as denied.")


WaitingPage = page_of("WaitingPage", WaitingSerializer)


class ApprovalList(KnownQuery):
    """Lists the calls that wait for a person, those that wait longest first."""

    query_class = WaitingQuery

    @extend_schema(operation_id="approvals_list", parameters=[WaitingQuery], responses=WaitingPage)
    def get(self, request: Request) -> Response:
        return self._list(request, Q())

    def _list(self, request: Request, of: Q) -> Response:
        query = self.read_query(request)
        given = query.validated_data
        for name, path in (("session", "turn__chat__session"), ("project", "turn__chat__session__project")):
            if name in given:
                of &= Q(**{path: given[name]})
        waiting = visible_to(request.user, Approval.objects.filter(of, decision="", trace__status="running"))
        rows = waiting.select_related("trace", "turn__chat__session")
        cursor = Cursor.decode(given["cursor"], ORDER) if "cursor" in given else None
        page = read_page(Search(rows, Q(), 0), ORDER, cursor, given["limit"])
        return Response(page.links(request) | {"results": WaitingSerializer(page.rows, many=True).data})


class ChatApprovals(ApprovalList):
    """Lists the calls of one chat that wait for a person."""

    @extend_schema(
        operation_id="chat_approvals_list",
        parameters=[WaitingQuery],
        responses=WaitingPage,
    )
    def get(self, request: Request, chat_id: UUID) -> Response:  # type: ignore[override]
        return self._list(request, Q(turn__chat=find_chat(request, chat_id)))
