"""What the pages show of projects and their sessions: read in three queries, whatever their number."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Max, OuterRef, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.timesince import timesince

from boocode.access import visible_to

from .models import Chat, Project, Session, Turn

SHOWN_SESSIONS = 50
UNNAMED = "New session"

# A session is as its most urgent chat is.
URGENCY = ("waiting", "running", "interrupted", "error", "idle")
WORDS = {"waiting": "needs you", "running": "working", "interrupted": "interrupted", "error": "failed", "idle": ""}


@dataclass(frozen=True)
class SessionLine:
    id: UUID
    title: str
    status: str
    touched_at: datetime

    @property
    def status_words(self) -> str:
        return WORDS[self.status]

    @property
    def touched_words(self) -> str:
        is_now = timezone.now() - self.touched_at < timedelta(minutes=1)
        return "just now" if is_now else f"{timesince(self.touched_at, depth=1)} ago"


@dataclass(frozen=True)
class ProjectSessions:
    id: UUID
    name: str
    root: str
    sessions: list[SessionLine]
    more: int


def projects_of(user: AbstractBaseUser | AnonymousUser) -> list[ProjectSessions]:
    """The user's projects with their newest sessions; what was worked on last comes first."""
    projects = visible_to(user, Project.objects.annotate(session_count=Count("sessions")))
    lines = _lines(user)
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


def _lines(user: AbstractBaseUser | AnonymousUser) -> dict[UUID, list[SessionLine]]:
    last_turn = Turn.objects.filter(chat__session=OuterRef("pk")).values("chat__session").annotate(at=Max("created_at"))
    place = Window(RowNumber(), partition_by="project_id", order_by="-id")
    sessions = visible_to(user, Session.objects.all())
    shown = sessions.annotate(last_turn_at=Subquery(last_turn.values("at")), place=place)
    shown = shown.filter(place__lte=SHOWN_SESSIONS).order_by("-id")
    statuses: dict[UUID, set[str]] = {}
    for session_id, status in visible_to(user, Chat.objects.all()).values_list("session_id", "status").distinct():
        statuses.setdefault(session_id, set()).add(status)
    lines: dict[UUID, list[SessionLine]] = {}
    for session in shown:
        status = next((name for name in URGENCY if name in statuses.get(session.pk, ())), "idle")
        touched_at = session.last_turn_at or session.created_at
        lines.setdefault(session.project_id, []).append(SessionLine(session.pk, title_of(session), status, touched_at))
    for own in lines.values():
        own.sort(key=lambda line: line.touched_at, reverse=True)
    return lines


def title_of(session: Session) -> str:
    return session.name or UNNAMED
