from django.db import models

from .fields import Summed


class DailyUsage(Summed):
    """Counts what a chat used on one day (UTC) of one tool or one model, and how its turns ended: totals of any span of
    time are sums over few rows, however many calls there were. Kept in the transactions that record the calls.

    A row for each `bucket` of durations (traces/record/histogram.py), so that percentiles are sums as well.
    """

    class Kind(models.TextChoices):
        TOOL = "tool"
        MODEL = "model"
        TURN = "turn"

    owner_path = "chat__session__project__owner"

    chat = models.ForeignKey("chats.Chat", models.CASCADE, related_name="daily_usage", db_index=False)
    day = models.DateField()
    kind = models.CharField(max_length=5, choices=Kind)
    name = models.CharField(max_length=200, blank=True, help_text="The tool, the model, or the turns' status.")
    bucket = models.SmallIntegerField(default=0, help_text="How long these took.")
    count = models.IntegerField(default=0)
    errors = models.IntegerField(default=0)
    duration_ms = models.FloatField(default=0, help_text="Without the time spent waiting for a person.")
    wait_ms = models.FloatField(default=0)

    class Meta:
        ordering = ["-day", "kind", "name", "bucket"]
        verbose_name_plural = "daily usage"
        constraints = [
            models.UniqueConstraint(fields=["chat", "day", "kind", "name", "bucket"], name="one_usage_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"
