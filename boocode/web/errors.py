"""Answers errors outside of DRF: as JSON below /api/, as Django's pages elsewhere."""

import errno
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

TOO_LARGE = (
    f"The request is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024**2} MB. "
    "Put large text into a file of the project and name the file."
)


def _in_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a malformed request; Django's handler400."""
    if _in_api(request):
        if isinstance(exception, RequestDataTooBig):
            return JsonResponse({"detail": TOO_LARGE}, status=413)
        wrong_host = "BooCode does not answer to this host name; BOOCODE_ALLOWED_HOSTS lists more."
        detail = wrong_host if isinstance(exception, DisallowedHost) else "The request is malformed."
        return JsonResponse({"detail": detail}, status=400)
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request for what does not exist; Django's handler404."""
    if _in_api(request):
        return JsonResponse({"detail": "Not found."}, status=404)
    return defaults.page_not_found(request, exception)


FAILED = "Something went wrong in BooCode. What it was is in the server's log."
DISK_FULL = "The disk that BooCode keeps its data on is full. Free some space, then do it again."
DATABASE_AWAY = "The database does not answer. Do it again in a moment; the server's log says what is wrong."


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an unexpected error; Django's handler500, called while the exception is being handled."""
    if _in_api(request):
        status, detail = _describe_error(sys.exc_info()[1])
        return JsonResponse({"detail": detail}, status=status)
    return defaults.server_error(request)


def _describe_error(error: BaseException | None) -> tuple[int, str]:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return 507, DISK_FULL
    if isinstance(error, OperationalError | InterfaceError):
        # SQLite's words, and those of the operating system that PostgreSQL passes on.
        full = any(words in str(error) for words in ("disk is full", "No space left on device"))
        return (507, DISK_FULL) if full else (503, DATABASE_AWAY)
    return 500, FAILED


class UnknownCall(APIView):
    """Answers every unknown address below /api/, an id that is no UUID included."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        hint = " Addresses have no slash at the end." if request.path.endswith("/") else ""
        raise NotFound(f"There is nothing here.{hint} The calls are listed at /api/docs.")
