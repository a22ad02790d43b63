from django.db import models
from django.db.models import Q

from .base import UUIDModel
from .project import Project


class Workspace(UUIDModel):
    """A folder in which chats work. Trees of files, locks, quota, sandbox and check go by it.

    Each project has one of kind `project`, with the project's own id: trees that were taken before there were
    workspaces are found under it. Its folder is the project's, wherever that is moved to.
    """

    class Kind(models.TextChoices):
        PROJECT = "project"
        COPY = "copy"

    owner_path = "project__owner"

    project = models.ForeignKey(Project, models.CASCADE, related_name="workspaces")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PROJECT)
    copy_root = models.CharField(max_length=4096, blank=True, help_text="The folder of a copy.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(kind="project"), name="one_workspace_of_the_project_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.project_id}"

    @property
    def root(self) -> str:
        """The folder, as an absolute path."""
        return self.copy_root if self.kind == self.Kind.COPY else self.project.root

    @classmethod
    def of_project(cls, project: Project) -> "Workspace":
        """Gives the workspace that is the project's own folder."""
        return cls.objects.get_or_create(id=project.pk, defaults={"project": project})[0]
