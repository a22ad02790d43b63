"""Defines API tokens and one-time login links."""

import hashlib
import secrets
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from .base import UUIDModel


def digest(secret: str) -> str:
    """Hash a secret. The secrets are 32 random bytes, so a plain hash is enough (no dictionary to try)."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiToken(UUIDModel):
    """Lets a script in: it is shown once when it is made, and kept as a digest only."""

    class Scope(models.TextChoices):
        WRITE = "write"
        READ = "read"

    owner_path = "user"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.WRITE)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="From when on it lets nobody in.")

    @classmethod
    def issue(
        cls, user: models.Model, name: str = "", scope: str = Scope.WRITE, lifetime: timedelta | None = None
    ) -> str:
        """Make a token and return it; it can't be read again. Without a `lifetime` it never expires."""
        secret = f"boo_{secrets.token_urlsafe(32)}"
        expires_at = timezone.now() + lifetime if lifetime else None
        cls.objects.create(user=user, name=name, scope=scope, digest=digest(secret), expires_at=expires_at)
        return secret

    @classmethod
    def find_valid(cls) -> models.QuerySet[Self]:
        """Find the tokens that let somebody in, with their users."""
        unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        return cls.objects.select_related("user").filter(unexpired, revoked_at=None, user__is_active=True)

    @classmethod
    def revoke(cls, tokens: models.QuerySet[Self]) -> int:
        """Revoke those of the tokens that are not revoked yet; returns how many. Open sockets close in a moment."""
        return tokens.filter(revoked_at=None).update(revoked_at=timezone.now())

    @classmethod
    def find(cls, secret: str) -> Self | None:
        """Find the valid token with this text, with its user, or None."""
        return cls.find_valid().filter(digest=digest(secret)).first()

    def __str__(self) -> str:
        return self.name or f"token of {self.created_at:%Y-%m-%d}"


class LoginLink(UUIDModel):
    """Lets a person in once; `serve` prints it."""

    LIFETIME = timedelta(hours=24)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="login_links")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    @classmethod
    def issue(cls, user: models.Model) -> str:
        """Make a link's secret; links issued earlier and never used stop working."""
        cls.objects.filter(user=user, used_at=None).delete()
        secret = secrets.token_urlsafe(32)
        cls.objects.create(user=user, digest=digest(secret), expires_at=timezone.now() + cls.LIFETIME)
        return secret

    @classmethod
    def redeem(cls, secret: str) -> Self | None:
        """Use the link up and return it, or None. A conditional update: of two clicks at once only one logs in."""
        links = cls.objects.filter(digest=digest(secret), used_at=None, expires_at__gt=timezone.now())
        if not links.filter(user__is_active=True).update(used_at=timezone.now()):
            return None
        return cls.objects.select_related("user").get(digest=digest(secret))

    def __str__(self) -> str:
        return f"login link until {self.expires_at:%Y-%m-%d %H:%M}"
