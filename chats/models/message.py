"""Defines the messages of a chat."""

from django.db import models
from django.utils import timezone

from .base import UUIDModel
from .chat import Chat, Session
from .turn import Turn


class Message(UUIDModel):
    """Holds what a person wrote, what the model said in one step, or what a tool gave back.

    While a step streams, its text is in the log only; the row gets it whole when the step ends. `content` holds the
    text deltas below `last_seq`.
    """

    class Role(models.TextChoices):
        USER = "user"
        ASSISTANT = "assistant"
        TOOL = "tool"
        SYSTEM = "system"

    class Status(models.TextChoices):
        STREAMING = "streaming"
        COMPLETE = "complete"
        CANCELLED = "cancelled"
        FAILED = "failed"
        INTERRUPTED = "interrupted"

    owner_path = "session__project__owner"

    # Both are found by the indexes below.
    session = models.ForeignKey(Session, models.CASCADE, related_name="messages", db_index=False)
    chat = models.ForeignKey(Chat, models.CASCADE, related_name="messages", db_index=False)
    turn = models.ForeignKey(Turn, models.CASCADE, related_name="messages", null=True, blank=True)
    role = models.CharField(max_length=10, choices=Role)
    kind = models.CharField(max_length=20, default="message")
    status = models.CharField(max_length=12, choices=Status, default=Status.COMPLETE)
    content = models.TextField(blank=True)
    tool_calls = models.JSONField(null=True, blank=True)
    tool_results = models.JSONField(null=True, blank=True)
    last_seq = models.BigIntegerField(default=0)
    start_ord = models.BigIntegerField(default=0, help_text="The log's entry at which it began to stream.")
    tokens_used = models.IntegerField(null=True, blank=True)
    ctx_used = models.IntegerField(null=True, blank=True)
    ctx_max = models.IntegerField(null=True, blank=True)
    cache_tokens = models.IntegerField(null=True, blank=True)
    reasoning_tokens = models.IntegerField(null=True, blank=True)
    model = models.CharField(max_length=200, blank=True)
    provider_state = models.TextField(blank=True, help_text="What the provider wants to see again with this step.")
    metadata = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    hidden_at = models.DateTimeField(null=True, blank=True, help_text="Taken back by a restore.")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["session", "id"], name="message_by_session"),
            models.Index(fields=["chat", "turn", "id"], name="message_by_turn"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.content[:60]}"
