"""Shows the pages. A view is a lookup that checks access, one call, one answer."""

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

from boocode.web.access import visible_to
from chats.models import Project, Session
from chats.projects import removal, sessions
from chats.projects.open_folder import open_folder, open_sample
from chats.projects.sidebar import get_title, read_projects
from chats.providers.registry import default_model
from chats.turns.commands import model_name
from tools.check.run import has_check
from tools.files.workspace import Workspace

from .forms import OpenFolderForm


class OwnRequest(HttpRequest):
    """Is the request of a view behind `login_required`."""

    user: User


# What the person can send as it is; only known drafts come from an address, never text.
DRAFTS = {"sample": "The tests of this project fail. Find out why, fix it, and run them again."}


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the projects, and the form that opens a folder."""
    return _render_home(request, OpenFolderForm())


@login_required
def submit_folder(request: OwnRequest) -> HttpResponse:
    """Open the folder of the home page's form."""
    if request.method != "POST":  # the address of a refused form, opened again
        return redirect("home")
    form = OpenFolderForm(request.POST)
    if not form.is_valid():
        return _render_home(request, form, status=422)
    session = open_folder(request.user, form.cleaned_data["root"])
    return redirect("session", session.pk)


@require_POST
@login_required
def create_sample(request: OwnRequest) -> HttpResponse:
    """Open the sample project."""
    try:
        session = open_sample(request.user)
    except ValueError as error:
        messages.error(request, str(error))
        return redirect("home")
    return redirect(f"{reverse('session', args=[session.pk])}?draft=sample")


@require_POST
@login_required
def new_session(request: OwnRequest, project_id: UUID) -> HttpResponse:
    """Create a session on a project and go to it."""
    project = get_object_or_404(visible_to(request.user, Project.objects.all()), pk=project_id)
    session = sessions.create_session(project, model=sessions.read_last_model(request.user))
    return redirect("session", session.pk)


@require_GET
@login_required
def project_list(request: HttpRequest) -> HttpResponse:
    """Show the home page's list alone, for an open page that reloads it."""
    return render(request, "chats/_projects.html", {"projects": read_projects(request.user)})


@require_GET
@login_required
def sidebar(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Show the list beside a session alone, for an open page that reloads it."""
    found = get_object_or_404(visible_to(request.user, Session.objects.all()), pk=session_id)
    return render(request, "chats/_sidebar_list.html", {"session": found, "projects": read_projects(request.user)})


@require_GET
@login_required
def session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Show a session."""
    mine = visible_to(request.user, Session.objects.select_related("project").prefetch_related("chats"))
    found = get_object_or_404(mine, pk=session_id)
    folder = Workspace(found.project.root, protected=[settings.DATA_DIR])
    context = {
        "session": found,
        "title": get_title(found),
        "project": found.project,
        "bootstrap": _build_bootstrap(request, found),
        "has_check": has_check(folder, found.project.check_command),
    }
    return render(request, "chats/session.html", context | {"projects": read_projects(request.user)})


@require_POST
@login_required
def bring_back(request: OwnRequest, pk: UUID) -> HttpResponse:
    """Take a project or a session out of the bin and show where it is."""
    row = removal.find(request.user, pk)
    removal.bring_back(row)
    messages.success(request, f"“{removal.name_of(row)}” is back.")
    return redirect("home")


def _render_home(request: HttpRequest, form: OpenFolderForm, status: int = 200) -> HttpResponse:
    roots = settings.ALLOWED_ROOTS
    context = {
        "form": form,
        "projects": read_projects(request.user),
        "bin": removal.read_bin(request.user),
        "bin_days": removal.KEPT.days,
        "scripted": default_model(settings.MODELS).startswith("scripted:"),
        "allowed_roots": roots,
        "example_root": roots[0] / "project",
    }
    return render(request, "chats/home.html", context, status=status)


def _build_bootstrap(request: HttpRequest, session: Session) -> dict[str, Any]:
    """Build what the page's script has to know before the socket is open."""
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
