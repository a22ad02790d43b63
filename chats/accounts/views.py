"""Logs people in, by password and by one-time link."""

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from .authentication import redeem_login_link

GONE = 410


class PasswordLogin(LoginView):
    """Shows the form for name and password."""

    template_name = "auth/login.html"
    redirect_authenticated_user = True


@never_cache
def login_link(request: HttpRequest) -> HttpResponse:
    """Log in with a link. A used link is no error for a person who is logged in."""
    if redeem_login_link(request, request.GET.get("token", "")) or request.user.is_authenticated:
        return redirect("home")
    return render(request, "auth/link_used.html", status=GONE)
