"""Reads the list of projects and sessions that the pages show, in three queries, whatever their number."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Max, OuterRef, Q, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.timesince import timesince

from boocode.web.access import visible_to
from chats.models import Chat, Project, Session, Turn

SHOWN_SESSIONS = 50
UNNAMED = "New session"

# A session has the status of its most urgent chat.
URGENCY = ("waiting", "running", "interrupted", "error", "idle")
WORDS = {"waiting": "needs you", "running": "working", "interrupted": "interrupted", "error": "failed", "idle": ""}


@dataclass(frozen=True)
class SessionLine:
    """Describes a session in the list."""

    id: UUID
    title: str
    status: str
    touched_at: datetime

    @property
    def status_words(self) -> str:
        """Return the status as words for a person; empty for an idle session."""
        return WORDS[self.status]

    @property
    def touched_words(self) -> str:
        """Return how long ago the session was used."""
        is_now = timezone.now() - self.touched_at < timedelta(minutes=1)
        return "just now" if is_now else f"{timesince(self.touched_at, depth=1)} ago"


@dataclass(frozen=True)
class ProjectSessions:
    """Describes a project in the list, with its newest sessions; `more` counts those left out."""

    id: UUID
    name: str
    root: str
    sessions: list[SessionLine]
    more: int


def read_projects(user: AbstractBaseUser | AnonymousUser) -> list[ProjectSessions]:
    """Read the user's projects with their newest sessions; the one used last comes first."""
    projects = visible_to(
        user, Project.objects.annotate(session_count=Count("sessions", filter=Q(sessions__removed_at=None)))
    )
    lines = _read_lines(user)
    found = [
        ProjectSessions(
            id=project.pk,
            name=project.name,
            root=project.root,
            sessions=(own := lines.get(project.pk, [])),
            more=project.session_count - len(own),
        )
        for project in projects
    ]
    newest = {project.pk: project.created_at for project in projects}
    return sorted(
        found, key=lambda project: max([newest[project.id], *(s.touched_at for s in project.sessions)]), reverse=True
    )


def _read_lines(user: AbstractBaseUser | AnonymousUser) -> dict[UUID, list[SessionLine]]:
    last_turn = Turn.objects.filter(chat__session=OuterRef("pk")).values("chat__session").annotate(at=Max("created_at"))
    rank = Window(RowNumber(), partition_by="project_id", order_by="-id")
    sessions = visible_to(user, Session.objects.all())
    shown = sessions.annotate(last_turn_at=Subquery(last_turn.values("at")), rank=rank)
    shown = shown.filter(rank__lte=SHOWN_SESSIONS).order_by("-id")
    statuses: dict[UUID, set[str]] = {}
    for session_id, status in visible_to(user, Chat.objects.all()).values_list("session_id", "status").distinct():
        statuses.setdefault(session_id, set()).add(status)
    lines: dict[UUID, list[SessionLine]] = {}
    for session in shown:
        status = next((name for name in URGENCY if name in statuses.get(session.pk, ())), "idle")
        touched_at = session.last_turn_at or session.created_at
        lines.setdefault(session.project_id, []).append(SessionLine(session.pk, get_title(session), status, touched_at))
    for own in lines.values():
        own.sort(key=lambda line: line.touched_at, reverse=True)
    return lines


def get_title(session: Session) -> str:
    """Return the name that pages show for a session."""
    return session.name or UNNAMED
