"""Defines sessions and their chats."""

from django.db import models

from .base import UUIDModel
from .project import Project
from .workspace import Workspace


class Session(UUIDModel):
    """Groups the chats of one piece of work on a project; they share a socket and a log."""

    owner_path = "project__owner"

    project = models.ForeignKey(Project, models.CASCADE, related_name="sessions")
    name = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name or f"Session of {self.created_at:%Y-%m-%d %H:%M}"


class Chat(UUIDModel):
    """Holds one conversation with one agent."""

    class Status(models.TextChoices):
        IDLE = "idle"
        RUNNING = "running"
        WAITING = "waiting"
        INTERRUPTED = "interrupted"
        ERROR = "error"

    owner_path = "session__project__owner"

    session = models.ForeignKey(Session, models.CASCADE, related_name="chats")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="chats")
    name = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=200, blank=True)
    agent = models.CharField(max_length=50, default="build")
    status = models.CharField(max_length=20, choices=Status, default=Status.IDLE)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name or f"Chat of {self.created_at:%Y-%m-%d %H:%M}"
