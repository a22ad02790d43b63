"""Keeps a project's checkpoints within the disk space they may take: over it, the oldest lose their files."""

import os
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from snapshots.models import Checkpoint, Quota

from .git import GitFailed
from .locks import workspace_lock
from .repository import Repository

# Down to this share of the quota, so that not every turn has to prune.
ENOUGH = 0.8
MOST_MB = 1_000_000
PRUNED = "The files of this checkpoint were removed to stay within the project's quota."


def read_limit(workspace_id: UUID) -> int:
    """Returns the project's own quota in bytes, else the quota of all projects."""
    own = Quota.objects.filter(workspace_id=workspace_id).values_list("megabytes", flat=True).first()
    return (own or settings.CHECKPOINT_QUOTA_MB) * 1024 * 1024


def set_limit(workspace_id: UUID, megabytes: int | None) -> None:
    """Sets the project's own quota. None takes it away, so that the quota of all projects holds."""
    if megabytes is None:
        Quota.objects.filter(workspace_id=workspace_id).delete()
    else:
        Quota.objects.update_or_create(workspace_id=workspace_id, defaults={"megabytes": megabytes})


def measure_size(directory: Path) -> int:
    """Returns how many bytes the files below the directory take on the disk."""
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total


def enforce(workspace_id: UUID, repository: Repository) -> None:
    """Prunes where the quota is passed. The newest checkpoint keeps its files in any case. Blocks."""
    limit = read_limit(workspace_id)
    if measure_size(repository.directory) <= limit:
        return
    with workspace_lock(workspace_id):
        try:
            _collect(workspace_id, repository)
            while (size := measure_size(repository.directory)) > limit * ENOUGH:
                if not _prune_oldest(workspace_id, share=min(0.5, 1 - limit * ENOUGH / size)):
                    return
                _collect(workspace_id, repository)
        except GitFailed:
            return


def _prune_oldest(workspace_id: UUID, share: float) -> bool:
    rows = Checkpoint.objects.filter(workspace_id=workspace_id, files=Checkpoint.Files.KEPT)
    ids = list(rows.order_by("id").values_list("pk", flat=True))
    going = ids[: min(len(ids) - 1, max(1, round(len(ids) * share)))]
    # Slices, for a statement takes only so many values.
    for start in range(0, len(going), 500):
        some = rows.filter(pk__in=going[start : start + 500])
        some.update(files=Checkpoint.Files.PRUNED, note=PRUNED, tree="", before="")
    return bool(going)


def _collect(workspace_id: UUID, repository: Repository) -> None:
    rows = Checkpoint.objects.filter(workspace_id=workspace_id)
    wanted = {tree for pair in rows.values_list("tree", "before") for tree in pair if tree}
    repository.collect_garbage(wanted)


def read_usage(workspace_id: UUID) -> dict[str, Any]:
    """Returns the bytes taken and allowed, and how many checkpoints have their files or had to give them up."""
    rows = Checkpoint.objects.filter(workspace_id=workspace_id)
    kept = rows.filter(files=Checkpoint.Files.KEPT)
    oldest = kept.order_by("id").values_list("created_at", flat=True).first()
    return {
        "bytes": measure_size(Repository(workspace_id, "/").directory),
        "quota_bytes": read_limit(workspace_id),
        "default_quota_bytes": settings.CHECKPOINT_QUOTA_MB * 1024 * 1024,
        "checkpoints": kept.count(),
        "pruned": rows.filter(files=Checkpoint.Files.PRUNED).count(),
        "oldest": oldest,
    }
