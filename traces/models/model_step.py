from django.db import models
from uuid6 import uuid7

from .fields import Measured


class ModelStep(Measured):
    """Records one request to the model, from asking to the end of its answer: the one source of its tokens and cost.

    An answer is shown as a `message`; a request for another `purpose` (a summary, a title, a judgement) has none, and
    may be made outside of any turn. Ids are UUIDv7, so their order is the order in which requests began. Times are in
    ms.

    `era` and `position` say where the step stands in the chat's context: within an era each request carries all that
    the one before carried, and a new era begins when the context was cut. So a tool result asked for at `position` is
    carried by every later step of its era. Requests that are no answers have no place in it.
    """

    class Purpose(models.TextChoices):
        ANSWER = "answer"
        SUMMARY = "summary"
        TITLE = "title"
        JUDGE = "judge"

    class Status(models.TextChoices):
        RUNNING = "running"
        OK = "ok"
        ERROR = "error"
        CANCELLED = "cancelled"
        INTERRUPTED = "interrupted"

    owner_path = "chat__session__project__owner"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.OneToOneField(
        "chats.Message", models.CASCADE, related_name="model_step", null=True, blank=True, help_text="That shows it."
    )
    chat = models.ForeignKey("chats.Chat", models.CASCADE, related_name="model_steps", db_index=False)
    turn = models.ForeignKey(
        "chats.Turn", models.CASCADE, related_name="model_steps", db_index=False, null=True, blank=True
    )
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.ANSWER)
    number = models.IntegerField(default=0, help_text="Of the turn's answers, from 1 on.")
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
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["turn", "id"], name="step_by_turn"),
            models.Index(fields=["chat", "era", "position"], name="step_by_context"),
        ]

    @property
    def first_token_ms(self) -> float | None:
        """The time to the first text, reasoning or call."""
        return None if self.first_token_at is None else (self.first_token_at - self.started_at).total_seconds() * 1000

    def __str__(self) -> str:
        return f"{self.purpose} {self.number}, {self.model} ({self.status})"
