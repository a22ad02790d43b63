"""The pages. Each view: a lookup that checks access, one call, one answer."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from boocode.access import visible_to
from tools.checking import has_check
from tools.workspace import Workspace

from . import opening, sessions
from .forms import OpenFolderForm
from .listing import projects_of, title_of
from .models import Project, Session
from .providers.registry import default_model
from .turns import model_name


class OwnRequest(HttpRequest):
    """What a view gets behind `login_required`."""

    user: User


# What the person can send as it is; only known drafts come from an address, never text.
DRAFTS = {"sample": "The tests of this project fail. Find out why, fix it, and run them again."}


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    return _home(request, OpenFolderForm())


@login_required
def open_folder(request: OwnRequest) -> HttpResponse:
    if request.method != "POST":  # the address of a refused form, opened again
        return redirect("home")
    form = OpenFolderForm(request.POST)
    if not form.is_valid():
        return _home(request, form, status=422)
    session = opening.open_folder(request.user, form.cleaned_data["root"])
    return redirect("session", session.pk)


@require_POST
@login_required
def create_sample(request: OwnRequest) -> HttpResponse:
    try:
        session = opening.open_sample(request.user)
    except ValueError as error:
        messages.error(request, str(error))
        return redirect("home")
    return redirect(f"{reverse('session', args=[session.pk])}?draft=sample")


@require_POST
@login_required
def new_session(request: OwnRequest, project_id: UUID) -> HttpResponse:
    project = get_object_or_404(visible_to(request.user, Project.objects.all()), pk=project_id)
    session = sessions.create_session(project, model=sessions.chosen_model(request.user))
    return redirect("session", session.pk)


@require_GET
@login_required
def project_list(request: HttpRequest) -> HttpResponse:
    """What the home page lists, for a page that is open while something changes."""
    return render(request, "chats/_projects.html", {"projects": projects_of(request.user)})


@require_GET
@login_required
def sidebar(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """The same for the list beside a session."""
    found = get_object_or_404(visible_to(request.user, Session.objects.all()), pk=session_id)
    return render(request, "chats/_sidebar_list.html", {"session": found, "projects": projects_of(request.user)})


@require_GET
@login_required
def session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    mine = visible_to(request.user, Session.objects.select_related("project").prefetch_related("chats"))
    found = get_object_or_404(mine, pk=session_id)
    folder = Workspace(found.project.root, protected=[settings.DATA_DIR])
    context = {
        "session": found,
        "title": title_of(found),
        "project": found.project,
        "bootstrap": _bootstrap(request, found),
        "has_check": has_check(folder, found.project.check_command),
    }
    return render(request, "chats/session.html", context | {"projects": projects_of(request.user)})


def _home(request: HttpRequest, form: OpenFolderForm, status: int = 200) -> HttpResponse:
    roots = settings.ALLOWED_ROOTS
    context = {
        "form": form,
        "projects": projects_of(request.user),
        "scripted": default_model(settings.MODELS).startswith("scripted:"),
        "allowed_roots": roots,
        "example_root": roots[0] / "project",
    }
    return render(request, "chats/home.html", context, status=status)


def _bootstrap(request: HttpRequest, session: Session) -> dict[str, Any]:
    """What the page's script has to know before the socket says anything."""
    chats = list(session.chats.all())
    asked = request.GET.get("chat", "")
    has_begun = any(chat.name for chat in chats)  # the address is opened again: that was sent already
    return {
        "session": {"id": str(session.pk), "name": session.name},
        "project": {"id": str(session.project_id), "name": session.project.name},
        "chats": [
            {"id": str(chat.pk), "name": chat.name, "model": chat.model, "agent": chat.agent, "status": chat.status}
            for chat in chats
        ],
        "chat": next((str(chat.pk) for chat in chats if str(chat.pk) == asked), str(chats[0].pk)),
        "model": model_name(chats[0]),
        "draft": "" if has_begun else DRAFTS.get(request.GET.get("draft", ""), ""),
        "home": reverse("home"),
        "login": reverse("login"),
    }
