"""Defines the base of the models whose ids are UUIDs."""

from django.db import models
from uuid6 import uuid7


class UUIDModel(models.Model):
    """Gives rows a UUIDv7 (RFC 9562) as id: unique without asking the database, and sorted by creation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True
