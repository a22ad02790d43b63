from django.db import models
from uuid6 import uuid7


class UUIDModel(models.Model):
    """A row whose id is a UUIDv7 (RFC 9562): unique without asking the database, and sorted by creation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True
