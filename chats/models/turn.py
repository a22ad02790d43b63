"""Defines turns, and how a process claims one and renews its lease."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from .base import UUIDModel
from .chat import Chat

ACTIVE = ("running", "waiting")
CHECK_FIELDS = ("status", "command", "reason", "attempts", "left", "old")
"""Tells what a person is shown of how the project's check stands in a turn."""


def lease() -> timedelta:
    """Return how long an owner counts as alive without a sign of life."""
    return timedelta(seconds=settings.LEASE_S)


class Turn(UUIDModel):
    """Is the agent's work on one message of a person's.

    It belongs to the server. `fence` counts its owners, and a write under an older fence is refused, so that a process
    that counted as dead can do no harm when it wakes up.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        WAITING = "waiting"
        COMPLETE = "complete"
        CANCELLED = "cancelled"
        FAILED = "failed"

    owner_path = "chat__session__project__owner"

    chat = models.ForeignKey(Chat, models.CASCADE, related_name="turns")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    request_id = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    model = models.CharField(max_length=200, blank=True)
    steps = models.IntegerField(default=0)
    error = models.TextField(blank=True)
    auto_fix = models.BooleanField(default=True)
    build = models.JSONField(default=dict, blank=True, help_text="How the project's check stands in this turn.")
    cancel_requested = models.BooleanField(default=False)
    fence = models.IntegerField(default=0)
    takeovers = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["status", "lease_until"], name="turn_by_lease")]
        constraints = [
            models.UniqueConstraint(
                fields=["chat", "request_id"], condition=~Q(request_id=""), name="one_turn_a_request"
            ),
            models.UniqueConstraint(fields=["chat"], condition=Q(status__in=ACTIVE), name="one_active_turn_a_chat"),
        ]

    def __str__(self) -> str:
        return f"turn {self.id} ({self.status})"

    @property
    def shown_check(self) -> dict[str, Any] | None:
        """How the project's check stands, None where the turn wrote nothing."""
        return {name: self.build[name] for name in CHECK_FIELDS} if self.build.get("status") else None

    @classmethod
    def claim_next(cls, chat_id: UUID) -> "Turn | None":
        """Claim the chat's oldest queued turn; None where another turn of the chat is active.

        Of two workers that try, the conditional update lets one win.
        """
        open_turns = list(cls.objects.filter(chat_id=chat_id, status__in=(cls.Status.QUEUED, *ACTIVE)).order_by("id"))
        if not open_turns or any(turn.status in ACTIVE for turn in open_turns):
            return None
        turn = open_turns[0]
        won = cls.objects.filter(pk=turn.pk, status=cls.Status.QUEUED).update(
            status=cls.Status.RUNNING, fence=F("fence") + 1, lease_until=Now() + lease(), started_at=Now()
        )
        if not won:
            return None
        turn.refresh_from_db()
        return turn

    @classmethod
    def release(cls, turn_ids: list[UUID]) -> None:
        """Give the leases up: another process may go on at once, and it does not count as a crash."""
        cls.objects.filter(pk__in=turn_ids, status__in=ACTIVE).update(lease_until=None)

    @classmethod
    def renew(cls, turn_id: UUID, fence: int) -> "Turn | None":
        """Extend the lease by the database's clock. None when the turn is no longer this owner's."""
        mine = cls.objects.filter(pk=turn_id, fence=fence, status__in=ACTIVE)
        return mine.get() if mine.update(lease_until=Now() + lease()) else None
