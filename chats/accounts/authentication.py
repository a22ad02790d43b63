"""Authenticates people and scripts: API tokens, one-time login links, and what a token may do."""

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login
from django.db import DatabaseError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from chats.models import ApiToken, LoginLink

if TYPE_CHECKING:
    from rest_framework.views import APIView  # it asks for the classes below while it is imported

SEEN_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is, so that a script that polls does not cost a write each time."""

PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"  # noqa: S105


def authenticate_token(header: str | None) -> ApiToken | None:
    """Find the valid token that an `Authorization: Bearer boo_…` header names, with its user, or None."""
    scheme, _, secret = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    token = ApiToken.find(secret.strip())
    if token is not None:
        _record_use(token)
    return token


def _record_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - SEEN_EVERY:
        with suppress(DatabaseError):  # on a full disk reading goes on
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


class TokenAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer <token>`. Comes first, so that its challenge makes missing credentials a 401."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        header = get_authorization_header(request).decode("latin-1")
        if not header.lower().startswith("bearer"):
            return None
        token = authenticate_token(header)
        if token is None:
            raise AuthenticationFailed(
                "This token is not valid: mistyped, expired, revoked, or of a deactivated user. "
                "Make another with “python manage.py createtoken USERNAME”."
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="BooCode"'


class MayUse(BasePermission):
    """Lets in who is logged in, and refuses writes with a token that only reads; `visible_to` decides on objects."""

    message = "This token may only read. Use one that was made without --read."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user.is_authenticated:
            return False
        reads_only = isinstance(request.auth, ApiToken) and request.auth.scope == ApiToken.Scope.READ
        return request.method in SAFE_METHODS or not reads_only


def make_login_link(user: Model, address: str = "") -> str:
    """Make a one-time login link and return its address; links that were never used stop working.

    `address` is the server's, where it is not the configured one.
    """
    return f"{address or get_public_url()}{reverse('login_link')}?{urlencode({'token': LoginLink.issue(user)})}"


def get_public_url() -> str:
    """Return the address at which a browser reaches the server, without a slash at the end."""
    if settings.PUBLIC_URL:
        return settings.PUBLIC_URL
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.HOST, settings.HOST)  # noqa: S104
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"http://{host}:{settings.PORT}"


def redeem_login_link(request: HttpRequest, secret: str) -> bool:
    """Log the link's user in. Returns False when the link is unknown, used, too old, or its user deactivated."""
    link = LoginLink.redeem(secret)
    if link is None:
        return False
    login(request, link.user, backend=PASSWORD_BACKEND)
    return True


def answer_lockout(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any]) -> HttpResponse:
    """Answer after too many wrong passwords, here and in the admin; called by django-axes."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return render(request, "auth/slowed.html", {"minutes": minutes}, status=429)
