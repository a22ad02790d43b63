"""Holds the redactor of this server, apart from the rows, so that the log can use it before models are loaded."""

from functools import cache

from django.conf import settings

from .redaction import Redactor


@cache
def redactor() -> Redactor:
    """Returns the redactor of the server's secrets and of what the person's pattern matches."""
    return Redactor(settings.SECRETS, settings.REDACT)
