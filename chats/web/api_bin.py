"""Serves the bin of removed projects and sessions over REST."""

from typing import cast
from uuid import UUID

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from boocode.web.views import KnownQuery
from chats.projects import removal

from .serializers import RemovedSerializer


class BinList(KnownQuery):
    """Lists what you removed in the last 30 days, the last first."""

    @extend_schema(responses=RemovedSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(RemovedSerializer(removal.read_bin(request.user), many=True).data)


class BinDetail(KnownQuery):
    """Deletes a removed project or session for good."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        removal.delete(removal.find(cast("User", request.user), pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class BinReturn(KnownQuery):
    """Brings a removed project or session back."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, pk: UUID) -> Response:
        removal.bring_back(removal.find(cast("User", request.user), pk))
        return Response(status=status.HTTP_204_NO_CONTENT)
