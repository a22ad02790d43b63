"""Serves projects, sessions, chats and messages over REST: a lookup that checks access, one call, one answer."""

from typing import Any, cast
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, status
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from boocode.web.access import visible_to
from boocode.web.views import KnownQuery
from chats.models import Message, Project, Rule, Session
from chats.projects import open_folder, path_completion, removal, sessions
from chats.providers import discovery
from chats.stream import log
from chats.turns import approvals, commands
from traces.models import ToolTrace
from traces.read.paging import Cursor, read_page

from .lookups import find_chat
from .serializers import (
    CancelledSerializer,
    ChatSerializer,
    ConflictSerializer,
    DecidedSerializer,
    DecisionSerializer,
    FolderQuerySerializer,
    FoldersSerializer,
    MessageSerializer,
    ModelsSerializer,
    OpenedBeforeSerializer,
    ProjectSerializer,
    RuleSerializer,
    SendSerializer,
    SentSerializer,
    SessionChangeSerializer,
    SessionSerializer,
    TurnSerializer,
    WindowSerializer,
)
from .serializers_lists import ALL, NEWEST, ProjectQuery, SessionQuery

WITHOUT_PUT = ["get", "patch", "delete", "head", "options"]


class ProjectList(KnownQuery):
    """Lists your projects, newest first, and opens one."""

    query_class = ProjectQuery

    @extend_schema(operation_id="projects_list", parameters=[ProjectQuery], responses=ProjectSerializer(many=True))
    def get(self, request: Request) -> Response:
        projects = visible_to(request.user, removal.with_session_count(Project.objects.all()))
        return _answer_page(request, self.read_query(request), projects, ProjectSerializer)

    @extend_schema(request=ProjectSerializer, responses={201: ProjectSerializer, 409: OpenedBeforeSerializer})
    def post(self, request: Request) -> Response:
        wanted = ProjectSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            project = open_folder.create_project(cast("User", request.user), **wanted.validated_data)
        except open_folder.OpenedBefore as error:
            raise FolderTaken(error) from None
        return Response(ProjectSerializer(project).data, status.HTTP_201_CREATED)


class FolderTaken(APIException):
    """Answers 409: the folder is a project of this person's already."""

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, error: open_folder.OpenedBefore) -> None:
        super().__init__({"detail": str(error), "project": str(error.project_id)})


def _answer_page(
    request: Request, query: ProjectQuery | SessionQuery, rows: QuerySet[Any], shape: type[BaseSerializer[Any]]
) -> Response:
    """Answers with a list; the addresses of the pages beside it are in the header `Link` (RFC 8288)."""
    given = query.validated_data
    cursor = Cursor.decode(given["cursor"], NEWEST) if "cursor" in given else None
    page = read_page(query.search(rows), NEWEST, cursor, given.get("limit", ALL))
    relations = zip(("next", "prev"), page.links(request).values(), strict=True)
    links = ", ".join(f'<{address}>; rel="{relation}"' for relation, address in relations if address)
    return Response(shape(page.rows, many=True).data, headers={"Link": links} if links else None)


@extend_schema_view(patch=extend_schema(responses={200: ProjectSerializer, 409: OpenedBeforeSerializer}))
class ProjectDetail(KnownQuery, generics.RetrieveUpdateDestroyAPIView[Project]):
    """Shows, changes or removes a project. It lies in the bin for 30 days; the folder stays as it is."""

    serializer_class = ProjectSerializer
    http_method_names = WITHOUT_PUT

    def get_queryset(self) -> QuerySet[Project]:
        return visible_to(self.request.user, removal.with_session_count(Project.objects.all()))

    def perform_update(self, serializer: BaseSerializer[Project]) -> None:
        assert serializer.instance is not None
        try:
            open_folder.update_project(serializer.instance, **serializer.validated_data)
        except open_folder.OpenedBefore as error:
            raise FolderTaken(error) from None

    def perform_destroy(self, instance: Project) -> None:
        removal.remove(instance)


class SessionList(KnownQuery):
    """Lists your sessions, newest first, and creates one with one chat."""

    query_class = SessionQuery

    @extend_schema(operation_id="sessions_list", parameters=[SessionQuery], responses=SessionSerializer(many=True))
    def get(self, request: Request) -> Response:
        found = visible_to(request.user, Session.objects.prefetch_related("chats"))
        return _answer_page(request, self.read_query(request), found, SessionSerializer)

    @extend_schema(request=SessionSerializer, responses={201: SessionSerializer})
    def post(self, request: Request) -> Response:
        wanted = SessionSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = dict(wanted.validated_data)
        project = get_object_or_404(visible_to(request.user, Project.objects.all()), pk=given.pop("project_id"))
        session = sessions.create_session(project, **given)
        return Response(SessionSerializer(session).data, status.HTTP_201_CREATED)


class SessionDetail(KnownQuery, generics.RetrieveUpdateDestroyAPIView[Session]):
    """Shows, changes or removes a session. Removing it stops its turns; it lies in the bin for 30 days."""

    serializer_class = SessionChangeSerializer
    http_method_names = WITHOUT_PUT

    def get_queryset(self) -> QuerySet[Session]:
        return visible_to(self.request.user, Session.objects.prefetch_related("chats"))

    def perform_update(self, serializer: BaseSerializer[Session]) -> None:
        assert serializer.instance is not None
        sessions.update_session(serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance: Session) -> None:
        removal.remove(instance)


class ChatList(KnownQuery):
    """Adds a chat to the session."""

    @extend_schema(request=ChatSerializer, responses={201: ChatSerializer})
    def post(self, request: Request, session_id: UUID) -> Response:
        session = get_object_or_404(visible_to(request.user, Session.objects.all()), pk=session_id)
        wanted = ChatSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        chat = sessions.create_chat(session, **wanted.validated_data)
        return Response(ChatSerializer(chat).data, status.HTTP_201_CREATED)


class ChatDetail(KnownQuery):
    """Shows or changes a chat's name, model and agent. A turn that runs keeps the model it began with."""

    @extend_schema(responses=ChatSerializer)
    def get(self, request: Request, chat_id: UUID) -> Response:
        return Response(ChatSerializer(find_chat(request, chat_id)).data)

    @extend_schema(request=ChatSerializer, responses=ChatSerializer)
    def patch(self, request: Request, chat_id: UUID) -> Response:
        chat = find_chat(request, chat_id)
        wanted = ChatSerializer(chat, data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        chat = sessions.update_chat(chat, **wanted.validated_data)
        return Response(ChatSerializer(chat).data)


class SessionMessages(KnownQuery):
    """Lists the messages in order; an answer in progress has its text up to the last commit."""

    query_class = WindowSerializer

    @extend_schema(parameters=[WindowSerializer], responses=MessageSerializer(many=True))
    def get(self, request: Request, session_id: UUID) -> Response:
        session = get_object_or_404(visible_to(request.user, Session.objects.all()), pk=session_id)
        window = self.read_query(request)
        chat_id = window.validated_data.pop("chat")
        if chat_id:
            get_object_or_404(session.chats, pk=chat_id)
        return Response(log.read_messages(session.pk, chat_id, **window.validated_data))


class MessageDetail(KnownQuery):
    """Gives one message whole, also where a snapshot had to cut it."""

    @extend_schema(responses=MessageSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        get_object_or_404(visible_to(request.user, Message.objects.only("id")), pk=pk)
        message = log.read_message(pk)
        if message is None:
            raise NotFound("This message was taken back.")
        return Response(message)


class ChatMessages(KnownQuery):
    """Sends a message to the agent. It waits while a turn runs; a repeated `request_id` answers with the same turn."""

    @extend_schema(request=SendSerializer, responses={202: SentSerializer, 409: ConflictSerializer})
    def post(self, request: Request, chat_id: UUID) -> Response:
        assert request.user.is_authenticated
        chat = find_chat(request, chat_id)
        said = SendSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        try:
            message, turn = commands.start_turn(chat, request.user, **said.validated_data)
        except commands.RepeatedId as error:
            return Response({"detail": str(error)}, status.HTTP_409_CONFLICT)
        return Response(
            {"message": message_to_json(message), "turn": TurnSerializer(turn).data}, status.HTTP_202_ACCEPTED
        )


def message_to_json(message: Message) -> dict[str, Any]:
    """Convert a message to what the API and the socket send."""
    return log.message_to_json({name: getattr(message, name) for name in log.MESSAGE_FIELDS})


class ChatCancellation(KnownQuery):
    """Stops the chat's turn: it ends `cancelled` and leaves no process behind. Without a turn nothing happens."""

    @extend_schema(request=None, responses={202: CancelledSerializer})
    def post(self, request: Request, chat_id: UUID) -> Response:
        turns = commands.cancel(find_chat(request, chat_id))
        return Response({"turns": turns}, status.HTTP_202_ACCEPTED)


class TraceDecision(KnownQuery):
    """Decides on a call that waits for a person. `always` also allows such calls of the project from now on."""

    @extend_schema(request=DecisionSerializer, responses={200: DecidedSerializer, 409: ConflictSerializer})
    def post(self, request: Request, trace_id: UUID) -> Response:
        traces = visible_to(request.user, ToolTrace.objects.select_related("chat__session__project"))
        trace = get_object_or_404(traces, pk=trace_id)
        answer = DecisionSerializer(data=request.data)
        answer.is_valid(raise_exception=True)
        try:
            approval = approvals.decide(trace, cast("User", request.user), **answer.validated_data)
        except approvals.AlreadyDecided as error:
            return Response({"detail": str(error)}, status.HTTP_409_CONFLICT)
        return Response({"decision": approval.decision})


class RuleList(KnownQuery):
    """Lists and adds the project's rules, which go before its `approval`; the last rule that matches wins."""

    @extend_schema(responses=RuleSerializer(many=True))
    def get(self, request: Request, project_id: UUID) -> Response:
        project = get_object_or_404(visible_to(request.user, Project.objects.all()), pk=project_id)
        return Response(RuleSerializer(project.rules.all(), many=True).data)

    @extend_schema(request=RuleSerializer, responses={201: RuleSerializer})
    def post(self, request: Request, project_id: UUID) -> Response:
        project = get_object_or_404(visible_to(request.user, Project.objects.all()), pk=project_id)
        rule = RuleSerializer(data=request.data)
        rule.is_valid(raise_exception=True)
        rule.save(project=project, created_by=request.user)
        return Response(rule.data, status.HTTP_201_CREATED)


class RuleDetail(KnownQuery):
    """Deletes a rule."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        get_object_or_404(visible_to(request.user, Rule.objects.all()), pk=pk).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class ModelList(KnownQuery):
    """Lists the models that can be chosen now. Local servers are looked for; `notes` says which could not be asked."""

    @extend_schema(responses=ModelsSerializer)
    def get(self, request: Request) -> Response:
        found = async_to_sync(discovery.look_for_models)(settings.MODELS)
        default = async_to_sync(discovery.suggested_model)(settings.MODELS)
        return Response(ModelsSerializer({"default": default, "choices": found.models, "notes": found.notes}).data)


class FolderList(KnownQuery):
    """Completes a path: lists the folders that can be opened and whose paths begin with `beginning`."""

    query_class = FolderQuerySerializer

    @extend_schema(parameters=[FolderQuerySerializer], responses=FoldersSerializer)
    def get(self, request: Request) -> Response:
        query = self.read_query(request)
        return Response({"folders": path_completion.complete_path(query.validated_data["beginning"])})


class Sample(KnownQuery):
    """Opens the sample project in a new folder and a new session."""

    @extend_schema(request=None, responses={201: SessionSerializer})
    def post(self, request: Request) -> Response:
        assert request.user.is_authenticated
        try:
            session = open_folder.open_sample(request.user)
        except ValueError as error:
            raise ValidationError({"detail": str(error)}) from None
        return Response(SessionSerializer(session).data, status.HTTP_201_CREATED)
