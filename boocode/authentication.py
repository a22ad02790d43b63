"""Who is asking: API tokens, one-time login links, and what a token may do."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login
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
"""How exact `last_used_at` is: a script that polls shall not cost a write each time."""

PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"  # noqa: S105


def authenticate_token(header: str | None) -> ApiToken | None:
    """The valid token that an `Authorization: Bearer boo_…` header names, its user loaded, or None."""
    scheme, _, secret = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    token = ApiToken.find(secret.strip())
    if token is not None:
        _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - SEEN_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. Comes first, so that its challenge makes missing credentials a 401."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        header = get_authorization_header(request).decode("latin-1")
        if not header.lower().startswith("bearer"):
            return None
        token = authenticate_token(header)
        if token is None:
            raise AuthenticationFailed(
                "This token is not valid: mistyped, revoked, or of a deactivated user. "
                "Make another with “python manage.py createtoken USERNAME”."
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="BooCode"'


class MayUse(BasePermission):
    """Logged in; and a token that only reads does not write. Whose object it is, `visible_to` decides."""

    message = "This token may only read. Use one that was made without --read."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user.is_authenticated:
            return False
        reads_only = isinstance(request.auth, ApiToken) and request.auth.scope == ApiToken.Scope.READ
        return request.method in SAFE_METHODS or not reads_only


def new_login_link(user: Model) -> str:
    """The address of a fresh one-time login link; links that were never used stop working."""
    return f"{public_url()}{reverse('login_link')}?{urlencode({'token': LoginLink.issue(user)})}"


def public_url() -> str:
    """Where a browser on this machine reaches the server, without a slash at the end."""
    if settings.PUBLIC_URL:
        return settings.PUBLIC_URL
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.HOST, settings.HOST)  # noqa: S104
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"http://{host}:{settings.PORT}"


def redeem_login_link(request: HttpRequest, secret: str) -> bool:
    """Log the link's user in. False when the link is unknown, used up, too old, or its user deactivated."""
    link = LoginLink.redeem(secret)
    if link is None:
        return False
    login(request, link.user, backend=PASSWORD_BACKEND)
    return True


def login_slowed(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any]) -> HttpResponse:
    """What django-axes answers after too many wrong passwords, here and in the admin."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return render(request, "auth/slowed.html", {"minutes": minutes}, status=429)
