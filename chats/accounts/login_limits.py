"""Limits how many passwords are checked at once, and how many from one address: each check takes a processor for a
while, and who sends many would keep everybody waiting."""

import threading
import time
from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.throttling import BaseThrottle

PATHS = ("/login", "/admin/login/")
CHECKS_AT_ONCE = 2
NAMES_A_MINUTE = 30
"""How many names one address may try; how often one name, django-axes limits."""


class LoginLimits:
    """Answers 429 instead of checking a password where too many are being checked, or came from this address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._checks = threading.BoundedSemaphore(CHECKS_AT_ONCE)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or request.path_info not in PATHS:
            return self.get_response(request)
        if _tries_too_many_names(request):
            return self._refuse(request, "60")
        if not self._checks.acquire(blocking=False):
            return self._refuse(request, "3")
        try:
            return self.get_response(request)
        finally:
            self._checks.release()

    def _refuse(self, request: HttpRequest, seconds: str) -> HttpResponse:
        answer = render(request, "auth/busy.html", {"seconds": seconds}, status=429)
        answer["Retry-After"] = seconds
        return answer


def _tries_too_many_names(request: HttpRequest) -> bool:
    address = BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # reads the headers alone
    key, now = f"login-names-{address}", time.time()
    tried = {name: at for name, at in cache.get(key, {}).items() if at > now - 60}
    name = request.POST.get("username", "")[:150]
    if name not in tried and len(tried) >= NAMES_A_MINUTE:
        return True
    cache.set(key, tried | {name: now}, 60)
    return False
