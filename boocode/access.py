"""Who may see what: the one place that decides it."""

from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def visible_to(user: AbstractBaseUser | AnonymousUser, rows: QuerySet[M]) -> QuerySet[M]:
    """Narrow `rows` to what belongs to `user`. Each model names the path to its owner in `owner_path`,
    so what a stranger asks for does not exist for them (404), on every edge alike."""
    if not user.is_authenticated:
        return rows.none()
    condition: dict[str, Any] = {rows.model.owner_path: user.pk}  # type: ignore[attr-defined]
    return rows.filter(**condition)
