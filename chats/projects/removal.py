"""Keeps removed projects and sessions for 30 days, in which they can be brought back, and then deletes them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from chats.models import Chat, Project, Session
from chats.stream import log, socket_frames, writer
from snapshots import checkpoints

from .sessions import stop_turns

KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Removed:
    """Describes a project or a session in the bin."""

    id: UUID
    kind: str
    name: str
    place: str
    removed_at: datetime

    @property
    def ends_at(self) -> datetime:
        """Return when it is deleted for good."""
        return self.removed_at + KEPT

    @property
    def days_left(self) -> int:
        """Return for how many days more it can be brought back."""
        return max(0, (self.ends_at - timezone.now()).days)


def remove(row: Project | Session) -> None:
    """Stop the turns of a project or a session and put it into the bin. The folder stays as it is."""
    stop_turns(_chats_of(row))
    with transaction.atomic():
        row.removed_at = timezone.now()
        row.save(update_fields=["removed_at"])
        for session in _shown_sessions(row):
            writer.notify_user(_owner_id(row), socket_frames.SessionDeleted(session_id=session.pk))
    stop_turns(_chats_of(row))  # one may have begun in between


@transaction.atomic
def bring_back(row: Project | Session) -> None:
    """Take a project or a session out of the bin. A session brings its project along."""
    if isinstance(row, Session) and row.project.removed_at:
        _mark_kept(row.project)
    _mark_kept(row)
    for session in _shown_sessions(row):
        created = socket_frames.SessionCreated(session_id=session.pk, name=session.name, project_id=session.project_id)
        writer.notify_user(_owner_id(row), created)


def delete(row: Project | Session) -> None:
    """Delete a project or a session for good."""
    stop_turns(_chats_of(row))
    with transaction.atomic():
        if isinstance(row, Session):
            session_ids = [row.pk]
        else:
            project_id = row.pk
            Project.objects.select_for_update().filter(pk=project_id).first()  # no new session while it goes
            session_ids = list(row.sessions.values_list("pk", flat=True))
            transaction.on_commit(lambda: checkpoints.delete_files(project_id))
        # Django collects the rows first and deletes them then: under the logs' locks no turn adds one in between.
        log.lock(session_ids)
        row.delete()


def delete_expired(now: datetime | None = None) -> int:
    """Delete what was removed more than 30 days before `now`, and return how much that was."""
    limit = (now or timezone.now()) - KEPT
    rows: list[Project | Session] = [*Project.objects.filter(removed_at__lt=limit)]
    rows += Session.objects.filter(removed_at__lt=limit).exclude(project__removed_at__lt=limit)
    for row in rows:
        delete(row)
    return len(rows)


def read_bin(user: AbstractBaseUser | AnonymousUser) -> list[Removed]:
    """Read what the user has removed, the last first."""
    rows: list[Project | Session] = [*Project.objects.filter(owner_id=user.pk, removed_at__isnull=False)]
    rows += Session.objects.filter(project__owner_id=user.pk, removed_at__isnull=False).select_related("project")
    removed = [
        Removed(row.pk, "project" if isinstance(row, Project) else "session", name_of(row), _root(row), at)
        for row in rows
        if (at := row.removed_at)
    ]
    return sorted(removed, key=lambda one: one.removed_at, reverse=True)


def find(user: AbstractBaseUser, pk: UUID) -> Project | Session:
    """Return the user's project or session in the bin with this id, or raise Http404."""
    row = (
        Project.objects.filter(owner_id=user.pk, removed_at__isnull=False, pk=pk).first()
        or Session.objects.filter(project__owner_id=user.pk, removed_at__isnull=False, pk=pk)
        .select_related("project")
        .first()
    )
    if row is None:
        raise Http404("There is nothing in the bin with this id.")
    return row


def name_of(row: Project | Session) -> str:
    """Return the name that pages show."""
    return row.name or "New session"


def with_session_count(projects: QuerySet[Project]) -> QuerySet[Project]:
    """Add to each project how many sessions it has outside the bin."""
    return projects.annotate(session_count=Count("sessions", filter=Q(sessions__removed_at=None)))


def _mark_kept(row: Project | Session) -> None:
    row.removed_at = None
    row.save(update_fields=["removed_at"])


def _chats_of(row: Project | Session) -> QuerySet[Chat]:
    return Chat.objects.filter(session=row) if isinstance(row, Session) else Chat.objects.filter(session__project=row)


def _shown_sessions(row: Project | Session) -> list[Session]:
    return [row] if isinstance(row, Session) else list(row.sessions.filter(removed_at=None))


def _owner_id(row: Project | Session) -> int:
    return row.owner_id if isinstance(row, Project) else row.project.owner_id


def _root(row: Project | Session) -> str:
    return row.root if isinstance(row, Project) else row.project.root
