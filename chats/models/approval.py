"""Defines approvals of calls and the rules of a project."""

from django.conf import settings
from django.db import models

from .base import UUIDModel
from .project import Project
from .turn import Turn


class Approval(UUIDModel):
    """Records that a tool call waits, or waited, for a person.

    `taken_at` says when the turn learned of the decision. Before that nothing has run, so a call that waits survives a
    restart.
    """

    class Decision(models.TextChoices):
        ALLOW = "allow"
        DENY = "deny"
        ALWAYS = "always"

    owner_path = "turn__chat__session__project__owner"

    trace = models.OneToOneField("traces.ToolTrace", models.CASCADE, related_name="approval")
    turn = models.ForeignKey(Turn, models.CASCADE, related_name="approvals")
    reason = models.TextField(blank=True, help_text="Why a person is asked.")
    diff = models.TextField(blank=True, help_text="What the call would change in files.")
    asked_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    note = models.TextField(blank=True, help_text="What the person told the model with it.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["turn"], condition=models.Q(taken_at=None), name="approval_that_waits")]

    def __str__(self) -> str:
        return f"approval of {self.trace_id}: {self.decision or 'waits'}"


class Rule(UUIDModel):
    """Allows, asks or denies calls of a project beyond its general setting; the last rule that matches wins."""

    class Verdict(models.TextChoices):
        ALLOW = "allow"
        ASK = "ask"
        DENY = "deny"

    owner_path = "project__owner"

    project = models.ForeignKey(Project, models.CASCADE, related_name="rules")
    tool = models.CharField(max_length=100)
    pattern = models.CharField(max_length=2000)
    verdict = models.CharField(max_length=10, choices=Verdict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.verdict} {self.tool} {self.pattern}"
