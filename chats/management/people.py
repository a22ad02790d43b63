"""Finds the users that commands name."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.management.base import CommandError


def find_user(username: str) -> AbstractBaseUser:
    """Find the active user of this name. Raises CommandError with what to do."""
    users = get_user_model().objects.filter(is_active=True)
    user = users.filter(username=username).first()
    if user is not None:
        return user
    known = ", ".join(users.order_by("username").values_list("username", flat=True)[:20])
    if not known:
        raise CommandError("There are no users yet. Start BooCode once (make run): it makes the user admin.")
    raise CommandError(f"There is no active user “{username}”. Choose one of: {known}.")
