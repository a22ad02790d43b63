"""Opens a folder, or the sample project, in a new session."""

from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from chats.models import Project, Session
from chats.providers.sample import create_sample

from . import removal, sessions

SAMPLE_NAME = "boocode-sample"


class OpenedBefore(Exception):
    """The folder is a project of its owner's already: `project_id`."""

    def __init__(self, project: Project) -> None:
        super().__init__(f"This folder is your project “{project.name}” already.")
        self.project_id = project.pk


@transaction.atomic
def create_project(owner: AbstractBaseUser, root: str, name: str = "", **given: Any) -> Project:
    """Make the folder a project, named after it unless a name is given. Raises OpenedBefore."""
    _check_new(owner.pk, root)
    folder = root.rpartition("/")[2] or "/"
    return Project.objects.create(owner_id=owner.pk, root=root, name=name or folder[:200], **given)


@transaction.atomic
def update_project(project: Project, **given: Any) -> None:
    """Change the project's fields. Raises OpenedBefore where its new folder is another project's of the owner."""
    if given.get("root", project.root) != project.root:
        _check_new(project.owner_id, given["root"])
    for name, value in given.items():
        setattr(project, name, value)
    project.save(update_fields=[*given, "updated_at"])


def _check_new(owner_id: int, root: str) -> None:
    # The owner's row is locked: of two requests at once the second sees what the first made.
    get_user_model().objects.select_for_update().get(pk=owner_id)
    before = Project.objects.filter(owner_id=owner_id, root=root, removed_at=None).first()
    if before is not None:
        raise OpenedBefore(before)


@transaction.atomic
def open_folder(owner: AbstractBaseUser, text: str) -> Session:
    """Open a session on the folder that `text` names, with the model chosen last.

    A folder that was opened before is the same project again, and comes out of the bin.

    Raises ValueError with a sentence for the person (see Project.resolve_root).
    """
    root = Project.resolve_root(text)
    project = Project.objects.filter(owner_id=owner.pk, root=str(root)).first()
    if project is not None and project.removed_at:
        removal.bring_back(project)
    if project is None:
        project = Project.objects.create(owner_id=owner.pk, root=str(root), name=(root.name or str(root))[:200])
    return sessions.create_session(project, model=sessions.read_last_model(owner))


def open_sample(owner: AbstractBaseUser) -> Session:
    """Write a fresh copy of the sample project below the first allowed root and open it.

    Raises ValueError with a sentence for the person where that folder can't be written.
    """
    try:
        root = create_sample(_free_folder())
    except OSError as error:
        raise ValueError(f"The sample could not be written below {settings.ALLOWED_ROOTS[0]}: {error}.") from None
    return open_folder(owner, str(root))


def _free_folder() -> Path:
    names = (SAMPLE_NAME if number == 1 else f"{SAMPLE_NAME}-{number}" for number in count(1))
    folders = (settings.ALLOWED_ROOTS[0] / name for name in names)
    return next(folder for folder in folders if not folder.exists())
