"""Tells what keeps this server from working right now: for /readyz, and at the start."""

import os
import shutil

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse

MIN_FREE_BYTES = 64 * 1024 * 1024
ANSWER_S = 2.0


def find_faults() -> list[str]:
    """Return a sentence for each fault, without names of places or people: whoever may ask reads them."""
    found = [_look_at_database(), _look_at_redis(), _look_at_directory(), _look_at_roots()]
    return [fault for fault in found if fault]


def _look_at_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return "The database does not answer."
    return ""


def _look_at_redis() -> str:
    if not settings.REDIS_URL:
        return ""
    import redis

    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=ANSWER_S, socket_timeout=ANSWER_S
        ) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return "Redis does not answer: what other servers write is shown a second later."
    return ""


def _look_at_directory() -> str:
    try:
        if not os.access(settings.DATA_DIR, os.W_OK | os.X_OK):
            return "The data directory can't be written to."
        if shutil.disk_usage(settings.DATA_DIR).free < MIN_FREE_BYTES:
            return f"The disk with the data directory is full: less than {MIN_FREE_BYTES // 1024**2} MB are free."
    except OSError:
        return "The data directory is not there."
    return ""


def _look_at_roots() -> str:
    missing = sum(not root.is_dir() for root in settings.ALLOWED_ROOTS)
    if not missing:
        return ""
    return f"{missing} of {len(settings.ALLOWED_ROOTS)} folders of BOOCODE_ALLOWED_ROOTS do not exist."


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer whether the server can work: 200, or 503 with what is at fault."""
    faults = find_faults()
    return JsonResponse({"status": "at fault" if faults else "ready", "faults": faults}, status=503 if faults else 200)
