"""Creates, changes and deletes projects, sessions and chats: one function for each use case."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from chats.models import Chat, Project, Session, SessionLog, Turn, Workspace
from chats.models.turn import ACTIVE
from chats.stream import frames, log, socket_frames, writer
from chats.turns import commands


@transaction.atomic
def create_session(project: Project, name: str = "", model: str = "") -> Session:
    """Create a session with its log and its first chat. `model` is `provider:model`, or empty for the default."""
    session = Session.objects.create(project=project, name=name, model=model)
    SessionLog.objects.create(session=session)
    Chat.objects.create(session=session, workspace=Workspace.of_project(project), model=model)
    created = socket_frames.SessionCreated(session_id=session.pk, name=session.name, project_id=project.pk)
    writer.notify_user(project.owner_id, created)
    return session


def read_last_model(user: AbstractBaseUser) -> str:
    """Return the model of the user's newest chat for which one was chosen; empty where there is none."""
    chats = Chat.objects.filter(session__project__owner_id=user.pk).exclude(model="")
    return chats.order_by("-id").values_list("model", flat=True).first() or ""


@transaction.atomic
def create_chat(session: Session, name: str = "", model: str = "", agent: str = "build") -> Chat:
    """Add a chat to the session; open pages show it."""
    workspace = Workspace.of_project(session.project)
    chat = Chat.objects.create(
        session=session, workspace=workspace, name=name, model=model or session.model, agent=agent
    )
    frame = frames.ChatCreated(chat_id=chat.id, name=chat.name, model=chat.model, agent=chat.agent)
    writer.append(session.id, [frame])
    return chat


@transaction.atomic
def update_session(session: Session, **fields: str) -> Session:
    """Set `name` or `model`; the chats keep the models they have."""
    for field, value in fields.items():
        setattr(session, field, value)
    session.save(update_fields=[*fields, "updated_at"])
    if "name" in fields:
        writer.notify_user(
            session.project.owner_id, socket_frames.SessionRenamed(session_id=session.pk, name=session.name)
        )
    return session


@transaction.atomic
def update_chat(chat: Chat, **fields: str) -> Chat:
    """Set `name`, `model` or `agent`. Only these fields are written: a turn may be changing the rest of the row."""
    # The log's lock first, as the writer does: in another order the two could wait for each other.
    log.lock([chat.session_id])
    for field, value in fields.items():
        setattr(chat, field, value)
    chat.save(update_fields=list(fields))
    frame = frames.ChatRenamed(chat_id=chat.id, name=chat.name, model=chat.model, agent=chat.agent)
    writer.append(chat.session_id, [frame])
    return chat


def stop_turns(chats: QuerySet[Chat]) -> None:
    """Stop what runs or waits in these chats."""
    for chat in chats.filter(turns__status__in=(Turn.Status.QUEUED, *ACTIVE)).distinct():
        commands.cancel(chat)
