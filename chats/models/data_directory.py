"""Defines the row that says which data directory belongs to this database."""

from .base import UUIDModel


class DataDirectory(UUIDModel):
    """Has one row at most, with the id that is also in the directory's file `directory_id`.

    On SQLite the database lies in its directory, and there is no row.
    """

    def __str__(self) -> str:
        return str(self.pk)
