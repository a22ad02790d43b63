"""Decides who may see which rows."""

from functools import cache
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
REMOVED = "removed_at"


def visible_to(user: AbstractBaseUser | AnonymousUser, rows: QuerySet[M]) -> QuerySet[M]:
    """Narrow `rows` to those of `user`, so that a stranger gets a 404.

    Each model names the path to its owner in `owner_path`. What lies in the bin, or belongs to something that does, is
    left out.
    """
    if not user.is_authenticated:
        return rows.none()
    condition: dict[str, Any] = {rows.model.owner_path: user.pk}  # type: ignore[attr-defined]
    condition |= {f"{path}__isnull": True for path in _removal_paths(rows.model)}
    return rows.filter(**condition)


@cache
def _removal_paths(model: type[Model]) -> tuple[str, ...]:
    """Return the paths to the times of removal, of the row itself and of each row on the way to its owner."""
    *steps, _owner = model.owner_path.split("__")  # type: ignore[attr-defined]
    found = []
    for depth in range(len(steps) + 1):
        if any(field.name == REMOVED for field in model._meta.get_fields()):
            found.append("__".join([*steps[:depth], REMOVED]))
        if depth < len(steps):
            model = cast("type[Model]", model._meta.get_field(steps[depth]).related_model)
    return tuple(found)
