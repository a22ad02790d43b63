"""Defines projects: the folders that people open."""

from pathlib import Path

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from .base import UUIDModel

SHOWN_CHARS = 150


def is_allowed(path: Path) -> bool:
    """Tell whether BooCode may work in `path`, whose links are resolved."""
    return any(path.is_relative_to(root) for root in settings.ALLOWED_ROOTS)


def _shorten(text: str | Path) -> str:
    """Shorten what a person wrote, so that it fits into a sentence."""
    text = str(text)
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"


class Project(UUIDModel):
    """Names a folder that a person opened, and how the agent may work on it."""

    class Approval(models.TextChoices):
        ASK = "ask"
        AUTO = "auto"
        READ_ONLY = "read_only"

    owner_path = "owner"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="projects")
    name = models.CharField(max_length=200)
    root = models.CharField(max_length=4096)
    check_command = models.CharField(max_length=1000, blank=True)
    approval = models.CharField(max_length=10, choices=Approval, default=Approval.ASK)
    network = models.BooleanField(default=False, help_text="Whether commands may use the network in their sandbox.")
    command_limit_s = models.PositiveIntegerField(
        default=600,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 3600)],
        help_text="How many seconds a command may ask for; without asking it has 30.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def resolve_root(text: str) -> Path:
        """Return the directory that `text` names, links resolved.

        Raises ValueError with a sentence for the person: not absolute, missing, not a directory, outside the allowed
        roots, or BooCode's own data.
        """
        if not text.strip() or "\0" in text:
            raise ValueError("Name a folder, for example /home/me/project.")
        try:
            path = Path(text.strip()).expanduser()
        except RuntimeError:
            raise ValueError(
                f"There is no user of this machine as in “{_shorten(text)}”. Write the whole path."
            ) from None
        if not path.is_absolute():
            raise ValueError(f"“{_shorten(text)}” is no absolute path. Write it from the root: /home/me/project.")
        try:
            path = path.resolve()
            exists, is_directory = path.exists(), path.is_dir()
        except (OSError, RuntimeError) as error:
            raise ValueError(f"“{_shorten(text)}” can't be opened: {_shorten(str(error))}.") from None
        # Before asking whether it exists: people must not find out what lies elsewhere.
        if not is_allowed(path):
            roots = ", ".join(map(str, settings.ALLOWED_ROOTS))
            raise ValueError(
                f"{_shorten(path)} is outside the folders BooCode may work in ({roots}). "
                "Choose one below them, or add its parent to BOOCODE_ALLOWED_ROOTS and start again."
            )
        if not exists:
            raise ValueError(f"There is no folder {_shorten(path)}. Make it first, or check the spelling.")
        if not is_directory:
            raise ValueError(f"{path} is a file. Name the folder it is in: {path.parent}.")
        if path.is_relative_to(settings.DATA_DIR):
            raise ValueError(f"{path} is where BooCode keeps its own data. Choose another folder.")
        return path
