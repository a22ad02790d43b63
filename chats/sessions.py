"""What a person does with projects, sessions and chats, beside talking: one function for each use case."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from snapshots import checkpoints

from . import events, turns, wire
from .models import Chat, Project, Session, SessionLog, Turn
from .models.turn import ACTIVE


@transaction.atomic
def create_session(project: Project, name: str = "", model: str = "") -> Session:
    """A session with its log and its first chat. `model` is `provider:model`, or empty for the default."""
    session = Session.objects.create(project=project, name=name, model=model)
    SessionLog.objects.create(session=session)
    Chat.objects.create(session=session, model=model)
    created = wire.SessionCreated(session_id=session.pk, name=session.name, project_id=project.pk)
    events.tell(project.owner_id, created)
    return session


def chosen_model(user: AbstractBaseUser) -> str:
    """The model that the user chose for their newest chat that has a chosen one; empty where there is none."""
    chats = Chat.objects.filter(session__project__owner_id=user.pk).exclude(model="")
    return chats.order_by("-id").values_list("model", flat=True).first() or ""


@transaction.atomic
def create_chat(session: Session, name: str = "", model: str = "", agent: str = "build") -> Chat:
    """Another chat of the session; open pages learn of it."""
    chat = Chat.objects.create(session=session, name=name, model=model or session.model, agent=agent)
    frame = wire.ChatCreated(chat_id=chat.id, name=chat.name, model=chat.model, agent=chat.agent)
    events.append(session.id, [frame])
    return chat


@transaction.atomic
def update_session(session: Session, **fields: str) -> Session:
    """Set `name` or `model`; the chats keep the models they have."""
    for field, value in fields.items():
        setattr(session, field, value)
    session.save(update_fields=[*fields, "updated_at"])
    if "name" in fields:
        events.tell(session.project.owner_id, wire.SessionRenamed(session_id=session.pk, name=session.name))
    return session


@transaction.atomic
def update_chat(chat: Chat, **fields: str) -> Chat:
    """Set `name`, `model` or `agent`. Only what is given is written: a turn may be changing the rest of the row."""
    # The log's lock first, as the writer does: in another order the two could wait for each other.
    events.log.lock([chat.session_id])
    for field, value in fields.items():
        setattr(chat, field, value)
    chat.save(update_fields=list(fields))
    frame = wire.ChatRenamed(chat_id=chat.id, name=chat.name, model=chat.model, agent=chat.agent)
    events.append(chat.session_id, [frame])
    return chat


def delete_session(session: Session) -> None:
    """Stop what runs in it, then forget it."""
    _stop(Chat.objects.filter(session=session))
    with transaction.atomic():
        # Django collects the rows first and deletes them then: under the log's lock no turn adds one in between.
        events.log.lock([session.pk])
        events.tell(session.project.owner_id, wire.SessionDeleted(session_id=session.pk))
        session.delete()


def delete_project(project: Project) -> None:
    """Forget the project and its sessions. The folder stays as it is."""
    _stop(Chat.objects.filter(session__project=project))
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)  # no new session while it goes
        session_ids = list(project.sessions.values_list("pk", flat=True))
        events.log.lock(session_ids)
        for session_id in session_ids:
            events.tell(project.owner_id, wire.SessionDeleted(session_id=session_id))
        project_id = project.pk
        project.delete()
        transaction.on_commit(lambda: checkpoints.forget(project_id))


def _stop(chats: QuerySet[Chat]) -> None:
    for chat in chats.filter(turns__status__in=(Turn.Status.QUEUED, *ACTIVE)).distinct():
        turns.cancel(chat)
