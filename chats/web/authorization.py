"""Decides who may listen on a socket: when it opens, and every few seconds while it is open, many at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from boocode.web.access import visible_to
from chats.accounts.authentication import authenticate_token
from chats.models import Session

NOT_LOGGED_IN, NOT_FOUND = 4401, 4404


@dataclass(frozen=True)
class Credentials:
    """Holds what a client opened its socket with: an `Authorization` header or the key of a cookie session."""

    authorization: str
    session_key: str

    @classmethod
    def from_scope(cls, scope: Mapping[str, Any]) -> "Credentials":
        """Read them from an ASGI scope. A header of another scheme (a proxy's Basic, say) is left out."""
        authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        is_token = authorization.lower().startswith("bearer")
        return cls(authorization if is_token else "", scope["cookies"].get(settings.SESSION_COOKIE_NAME, ""))


@dataclass(frozen=True)
class Admission:
    """Says whether a client may listen: `code` is 0, else the code to close the socket with."""

    code: int
    user_id: int = 0


Request = tuple[Credentials, UUID | None]
"""Credentials and the session to listen to; None for the user's own socket."""


def check_admissions(requests: Iterable[Request]) -> list[Admission]:
    """Check for each request whether its client may listen, as the database says now.

    After a log-out, a revoked token, a deactivated user or a deleted session it may not. One query or two for each
    different person, however many sockets they have.
    """
    asked = list(requests)
    users = {credentials: _find_user(credentials) for credentials in {credentials for credentials, _ in asked}}
    visible: dict[int, set[UUID]] = {}
    for user in users.values():
        if user is not None:
            wanted = {pk for credentials, pk in asked if pk is not None and users[credentials] == user}
            visible[user.pk] = set(visible_to(user, Session.objects.filter(pk__in=wanted)).values_list("pk", flat=True))
    return [_build_admission(users[credentials], session_id, visible) for credentials, session_id in asked]


def _build_admission(user: Any, session_id: UUID | None, visible: Mapping[int, set[UUID]]) -> Admission:
    if user is None:
        return Admission(NOT_LOGGED_IN)
    if session_id is not None and session_id not in visible[user.pk]:
        return Admission(NOT_FOUND, user.pk)
    return Admission(0, user.pk)


def _find_user(credentials: Credentials) -> Any:
    if credentials.authorization:
        token = authenticate_token(credentials.authorization)
        return token.user if token else None
    request = HttpRequest()
    # Loaded afresh: the session in a socket's scope would not notice a log-out.
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(credentials.session_key or None)
    user = get_user(request)
    return user if user.is_authenticated and user.is_active else None
