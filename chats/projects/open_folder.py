"""Opens a folder, or the sample project, in a new session."""

from itertools import count
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from chats.models import Project, Session
from chats.providers.sample import create_sample

from . import removal, sessions

SAMPLE_NAME = "boocode-sample"


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
