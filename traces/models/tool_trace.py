from django.db import models
from uuid6 import uuid7

from .fields import Measured


class ToolTrace(Measured):
    """Records one tool call: what was asked, what came of it, how long each part took. Its tokens and cost are the
    model step's that made it: a copy, for traces from before there were steps have no other.

    Its time in ms: `model_ms`, the model's answer that asked for it; then `queue_ms`, until its own turn came (calls of
    one answer run one after the other); then `duration_ms`, of which `wait_ms` were spent waiting for an approval and
    the rest at work. `context_tokens` are what its result added to the next request's prompt, null where unknown.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        OK = "ok"
        ERROR = "error"
        TIMEOUT = "timeout"
        DENIED = "denied"
        CANCELLED = "cancelled"
        INTERRUPTED = "interrupted"

    FAILURES = frozenset({Status.ERROR, Status.TIMEOUT, Status.INTERRUPTED})
    """How calls fail. What a person denied or stopped is no failure."""

    owner_path = "chat__session__project__owner"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    chat = models.ForeignKey("chats.Chat", models.CASCADE, related_name="traces", db_index=False)
    message = models.ForeignKey("chats.Message", models.CASCADE, related_name="traces")
    turn = models.ForeignKey("chats.Turn", models.CASCADE, related_name="traces", db_index=False)
    step = models.IntegerField()
    tool_call_id = models.CharField(max_length=200)
    tool = models.CharField(max_length=100)
    status = models.CharField(max_length=12, choices=Status, default=Status.RUNNING)
    input = models.JSONField()
    output = models.TextField(blank=True, help_text="What the model saw.")
    output_bytes = models.BigIntegerField(default=0, help_text="Of the output as captured.")
    output_digest = models.CharField(max_length=64, blank=True, help_text="Of the file that holds it, where one does.")
    truncated = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.FloatField(null=True, blank=True)
    wait_ms = models.FloatField(default=0)
    queue_ms = models.FloatField(default=0)
    model_ms = models.FloatField(null=True, blank=True)
    context_tokens = models.IntegerField(null=True, blank=True)
    model = models.CharField(max_length=200, blank=True)
    decided_by = models.TextField(blank=True, help_text="The rule or reason that let it run, or not.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            # With its last columns a filter is decided in the index, so that looking through thousands costs little.
            models.Index(fields=["chat", "-id", "tool", "status", "duration_ms"], name="trace_by_chat"),
            models.Index(fields=["chat", "tool", "-id"], name="trace_by_tool"),
            models.Index(fields=["chat", "status", "-id"], name="trace_by_status"),
            models.Index(fields=["chat", "-duration_ms", "-id", "tool", "status"], name="trace_by_duration"),
            models.Index(fields=["turn", "id"], name="trace_by_turn"),
            models.Index(fields=["output_digest"], condition=~models.Q(output_digest=""), name="trace_by_output"),
        ]

    def __str__(self) -> str:
        return f"{self.tool} ({self.status})"
