from typing import TYPE_CHECKING

from django.db import models

from .fields import Summed


class TurnSummary(Summed):
    """Sums up one turn while it happens: the one source of what a turn used, and all that a list of turns reads.

    Times in ms. `queue_ms` is the time before a process took the turn up, `wait_ms` that spent on a person's approvals,
    `model_ms` and `tool_ms` those of the model's answers and the tools' work. What `duration_ms` has beyond their
    sum is BooCode's own.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        WAITING = "waiting"
        COMPLETE = "complete"
        CANCELLED = "cancelled"
        FAILED = "failed"

    if TYPE_CHECKING:
        from uuid import UUID

        turn_id: UUID

    owner_path = "chat__session__project__owner"

    turn = models.OneToOneField("chats.Turn", models.CASCADE, primary_key=True, related_name="summary")
    chat = models.ForeignKey("chats.Chat", models.CASCADE, related_name="turn_summaries", db_index=False)
    title = models.CharField(max_length=120, blank=True, help_text="The first words of what the person wrote.")
    model = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.FloatField(null=True, blank=True)
    queue_ms = models.FloatField(default=0)
    wait_ms = models.FloatField(default=0)
    model_ms = models.FloatField(default=0)
    tool_ms = models.FloatField(default=0)
    steps = models.IntegerField(default=0)
    calls = models.IntegerField(default=0)
    failures = models.IntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-turn_id"]
        verbose_name_plural = "turn summaries"
        indexes = [
            models.Index(fields=["chat", "-turn"], name="summary_by_chat"),
            models.Index(fields=["chat", "status", "-turn"], name="summary_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.title or self.turn_id} ({self.status})"
