"""The redactor of this server. No rows here, so that the log can use it before there are any."""

from functools import cache

from django.conf import settings

from .redaction import Redactor


@cache
def redactor() -> Redactor:
    """Masks the server's secrets, and what the person's pattern matches."""
    return Redactor(settings.SECRETS, settings.REDACT)
