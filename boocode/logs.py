"""The server's log, without its secrets: an exception's text may hold what a request held."""

import logging

from traces.masking import redactor


class RedactingFormatter(logging.Formatter):
    def __init__(self, format: str) -> None:
        super().__init__(format)

    def format(self, record: logging.LogRecord) -> str:
        return redactor().text(super().format(record))
