"""REST for a chat's agent snapshot."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from boocode.web.access import visible_to
from boocode.web.views import KnownQuery
from snapshots import agent_snapshots
from snapshots.models import AgentSnapshot

from .serializers import AgentSnapshotSerializer


class ChatSnapshot(KnownQuery):
    """Where the chat's agent stands, as of the end of its last step."""

    @extend_schema(
        responses={
            200: AgentSnapshotSerializer,
            409: inline_serializer("UnknownFormat", {"detail": serializers.CharField()}),
        }
    )
    def get(self, request: Request, chat_id: UUID) -> Response:
        row = get_object_or_404(visible_to(request.user, AgentSnapshot.objects.all()), pk=chat_id)
        try:
            return Response(agent_snapshots.load(row.pk))
        except agent_snapshots.UnknownFormat as error:
            return Response({"detail": str(error)}, status.HTTP_409_CONFLICT)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, chat_id: UUID) -> Response:
        snapshots = visible_to(request.user, AgentSnapshot.objects.filter(pk=chat_id))
        if not snapshots.delete()[0]:
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)
