"""Keeps the address of the server that was started last, for commands that print links to it."""

import os
from contextlib import suppress

from django.conf import settings

from .authentication import get_public_url

FILE_NAME = "address"


def record_address() -> None:
    """Write down where this server listens. A directory that takes no file costs only the right link."""
    with suppress(OSError):
        (settings.DATA_DIR / FILE_NAME).write_text(get_public_url())


def read_address() -> str:
    """Return the configured address, or else that of the server that was started last on this data directory."""
    if settings.PUBLIC_URL or os.environ.get("PORT"):
        return get_public_url()
    try:
        return (settings.DATA_DIR / FILE_NAME).read_text().strip() or get_public_url()
    except OSError:
        return get_public_url()
