"""Masks secrets in the server's log: an exception's text may hold what a request held."""

import logging

from traces.redactor import redactor


class RedactingFormatter(logging.Formatter):
    """Formats a record and masks the secrets in it."""

    def __init__(self, format: str) -> None:
        super().__init__(format)

    def format(self, record: logging.LogRecord) -> str:
        return redactor().text(super().format(record))
