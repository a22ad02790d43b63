from django.db import models

from .fields import Measured


class ModelStep(Measured):
    """One request to the model, from asking to the end of its answer: with the tool calls, what a turn's time is made
    of.

    `era` and `position` say where the step stands in the chat's context: within an era each request carries all that
    the one before carried, and a new era begins when the context was cut. So a tool result asked for at `position` is
    carried by every later step of its era.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        OK = "ok"
        ERROR = "error"
        CANCELLED = "cancelled"
        INTERRUPTED = "interrupted"

    owner_path = "chat__session__project__owner"

    message = models.OneToOneField("chats.Message", models.CASCADE, primary_key=True, related_name="model_step")
    chat = models.ForeignKey("chats.Chat", models.CASCADE, related_name="model_steps", db_index=False)
    turn = models.ForeignKey("chats.Turn", models.CASCADE, related_name="model_steps", db_index=False)
    number = models.IntegerField()
    model = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.RUNNING)
    started_at = models.DateTimeField()
    first_token_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.FloatField(null=True, blank=True)
    error = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    calls = models.IntegerField(default=0, help_text="Tool calls that it asked for.")
    era = models.IntegerField(null=True, blank=True)
    position = models.IntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-message_id"]
        indexes = [
            models.Index(fields=["turn", "message"], name="step_by_turn"),
            models.Index(fields=["chat", "era", "position"], name="step_by_context"),
        ]

    def __str__(self) -> str:
        return f"step {self.number}, {self.model} ({self.status})"
