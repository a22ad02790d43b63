"""Defines a session's log: its heads and its slices."""

from uuid import UUID, uuid4

from django.db import models

from .chat import Session


class SessionLog(models.Model):
    """Says how far a session's log reaches. The row's lock makes `ord` and `seq` gapless across processes."""

    session = models.OneToOneField(Session, models.CASCADE, primary_key=True, related_name="log")
    epoch = models.UUIDField(default=uuid4)
    first_epoch = models.BooleanField(default=True, help_text="Positions without an epoch count as this one's.")
    ord = models.BigIntegerField(default=0, help_text="The last entry's place over all channels.")
    heads = models.JSONField(default=dict, help_text="The next seq of each channel.")
    floor = models.BigIntegerField(default=0, help_text="Entries up to this ord were pruned.")
    floors = models.JSONField(default=dict, help_text="The lowest seq kept of each channel.")

    def __str__(self) -> str:
        return f"log of {self.session_id} at {self.ord}"

    def new_epoch(self) -> UUID:
        """Start a new epoch: history was rewritten, and clients can't go on from what they hold."""
        self.epoch, self.first_epoch = uuid4(), False
        return self.epoch


class LogSlice(models.Model):
    """Holds the entries of one session in one commit, each a frame as it is sent, one on each line.

    Text and not JSON: a replay hands the lines on unread, and a JSON column of PostgreSQL refuses \\u0000.
    """

    # Found by `slice_by_place`; an index more would be a page more to write in each commit.
    session = models.ForeignKey(Session, models.CASCADE, related_name="+", db_index=False)
    first_ord = models.BigIntegerField()
    last_ord = models.BigIntegerField()
    frames = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "first_ord"], name="slice_by_place")]

    def __str__(self) -> str:
        return f"{self.first_ord} to {self.last_ord} of {self.session_id}"
