"""Serves a person's API tokens over REST. They are made by `python manage.py createtoken` only."""

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from boocode.web.access import visible_to
from boocode.web.views import KnownQuery
from chats.models import ApiToken


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """Gives a token, without its text, which nobody can read again."""

    is_current = serializers.SerializerMethodField(help_text="Whether this very request came with it.")

    class Meta:
        model = ApiToken
        fields = ("id", "name", "scope", "created_at", "last_used_at", "expires_at", "is_current")

    def get_is_current(self, token: ApiToken) -> bool:
        return bool(token == self.context["request"].auth)


class TokenList(KnownQuery):
    """Lists your tokens that are valid, oldest first."""

    @extend_schema(operation_id="tokens_list", responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        tokens = visible_to(request.user, ApiToken.find_valid()).order_by("id")
        return Response(TokenSerializer(tokens, many=True, context={"request": request}).data)


class TokenDetail(KnownQuery):
    """Revokes a token: it lets nobody in from now on."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        if not ApiToken.revoke(visible_to(request.user, ApiToken.objects.filter(pk=pk))):
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)
