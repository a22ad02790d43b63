"""The disk space that a project's checkpoints may take: over it, the oldest lose their files."""

import os
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from .git import GitFailed
from .locks import project_lock
from .models import Checkpoint, Quota
from .repository import Repository

# Down to this share of the quota, so that not every turn has to prune.
ENOUGH = 0.8
MOST_MB = 1_000_000
PRUNED = "The files of this checkpoint were removed to stay within the project's quota."


def limit_of(project_id: UUID) -> int:
    """Bytes: the project's own quota, else that of all."""
    own = Quota.objects.filter(project_id=project_id).values_list("megabytes", flat=True).first()
    return (own or settings.CHECKPOINT_QUOTA_MB) * 1024 * 1024


def allow(project_id: UUID, megabytes: int | None) -> None:
    """Set the project's own quota; None: what holds for all."""
    if megabytes is None:
        Quota.objects.filter(project_id=project_id).delete()
    else:
        Quota.objects.update_or_create(project_id=project_id, defaults={"megabytes": megabytes})


def size_of(directory: Path) -> int:
    """Bytes on the disk."""
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total


def enforce(project_id: UUID, repository: Repository) -> None:
    """Prune where the quota is passed. The newest checkpoint stays in any case."""
    limit = limit_of(project_id)
    if size_of(repository.directory) <= limit:
        return
    with project_lock(project_id):
        try:
            _collect(project_id, repository)
            while (size := size_of(repository.directory)) > limit * ENOUGH:
                if not _prune_oldest(project_id, share=min(0.5, 1 - limit * ENOUGH / size)):
                    return
                _collect(project_id, repository)
        except GitFailed:
            return


def _prune_oldest(project_id: UUID, share: float) -> bool:
    rows = Checkpoint.objects.filter(project_id=project_id, files=Checkpoint.Files.KEPT)
    ids = list(rows.order_by("id").values_list("pk", flat=True))
    going = ids[: min(len(ids) - 1, max(1, round(len(ids) * share)))]
    # Slices, for a statement takes only so many values.
    for start in range(0, len(going), 500):
        slice = rows.filter(pk__in=going[start : start + 500])
        slice.update(files=Checkpoint.Files.PRUNED, note=PRUNED, tree="", before="")
    return bool(going)


def _collect(project_id: UUID, repository: Repository) -> None:
    rows = Checkpoint.objects.filter(project_id=project_id)
    wanted = {tree for pair in rows.values_list("tree", "before") for tree in pair if tree}
    repository.collect(wanted)


def usage(project_id: UUID) -> dict[str, Any]:
    """Bytes taken and allowed, and how many checkpoints have their files and had to give them up."""
    rows = Checkpoint.objects.filter(project_id=project_id)
    kept = rows.filter(files=Checkpoint.Files.KEPT)
    oldest = kept.order_by("id").values_list("created_at", flat=True).first()
    return {
        "bytes": size_of(Repository(project_id, "/").directory),
        "quota_bytes": limit_of(project_id),
        "default_quota_bytes": settings.CHECKPOINT_QUOTA_MB * 1024 * 1024,
        "checkpoints": kept.count(),
        "pruned": rows.filter(files=Checkpoint.Files.PRUNED).count(),
        "oldest": oldest,
    }
