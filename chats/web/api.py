"""Serves projects, sessions, chats and messages over REST: a lookup that checks access, one call, one answer."""

from typing import Any, cast
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from boocode.web.access import visible_to
from chats.models import Message, Project, Rule, Session
from chats.projects import open_folder, path_completion, removal, sessions
from chats.providers import discovery
from chats.stream import log
from chats.turns import approvals, commands
from traces.models import ToolTrace

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
    ProjectSerializer,
    RuleSerializer,
    SendSerializer,
    SentSerializer,
    SessionChangeSerializer,
    SessionSerializer,
    TurnSerializer,
    WindowSerializer,
)

WITHOUT_PUT = ["get", "patch", "delete", "head", "options"]


class ProjectList(generics.ListCreateAPIView[Project]):
    """Lists your projects, newest first, and opens one."""

    serializer_class = ProjectSerializer

    def get_queryset(self) -> QuerySet[Project]:
        return visible_to(self.request.user, removal.with_session_count(Project.objects.all()))

    def perform_create(self, serializer: BaseSerializer[Project]) -> None:
        folder = serializer.validated_data["root"].rpartition("/")[2] or "/"
        serializer.save(owner=self.request.user, name=serializer.validated_data.get("name", folder[:200]))


class ProjectDetail(generics.RetrieveUpdateDestroyAPIView[Project]):
    """Shows, changes or removes a project. It lies in the bin for 30 days; the folder stays as it is."""

    serializer_class = ProjectSerializer
    http_method_names = WITHOUT_PUT

    def get_queryset(self) -> QuerySet[Project]:
        return visible_to(self.request.user, removal.with_session_count(Project.objects.all()))

    def perform_destroy(self, instance: Project) -> None:
        removal.remove(instance)


class SessionList(generics.ListCreateAPIView[Session]):
    """Lists your sessions, newest first, and creates one with one chat."""

    serializer_class = SessionSerializer

    def get_queryset(self) -> QuerySet[Session]:
        return visible_to(self.request.user, Session.objects.prefetch_related("chats"))

    def perform_create(self, serializer: BaseSerializer[Session]) -> None:
        given = dict(serializer.validated_data)
        project = get_object_or_404(visible_to(self.request.user, Project.objects.all()), pk=given.pop("project_id"))
        serializer.instance = sessions.create_session(project, **given)


class SessionDetail(generics.RetrieveUpdateDestroyAPIView[Session]):
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


class ChatList(APIView):
    """Adds a chat to the session."""

    @extend_schema(request=ChatSerializer, responses={201: ChatSerializer})
    def post(self, request: Request, session_id: UUID) -> Response:
        session = get_object_or_404(visible_to(request.user, Session.objects.all()), pk=session_id)
        wanted = ChatSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        chat = sessions.create_chat(session, **wanted.validated_data)
        return Response(ChatSerializer(chat).data, status.HTTP_201_CREATED)


class ChatDetail(APIView):
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


class SessionMessages(APIView):
    """Lists the messages in order; an answer in progress has its text up to the last commit."""

    @extend_schema(parameters=[WindowSerializer], responses=MessageSerializer(many=True))
    def get(self, request: Request, session_id: UUID) -> Response:
        session = get_object_or_404(visible_to(request.user, Session.objects.all()), pk=session_id)
        window = WindowSerializer(data=request.query_params)
        window.is_valid(raise_exception=True)
        chat_id = window.validated_data.pop("chat")
        if chat_id:
            get_object_or_404(session.chats, pk=chat_id)
        return Response(log.read_messages(session.pk, chat_id, **window.validated_data))


class MessageDetail(APIView):
    """Gives one message whole, also where a snapshot had to cut it."""

    @extend_schema(responses=MessageSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        get_object_or_404(visible_to(request.user, Message.objects.only("id")), pk=pk)
        message = log.read_message(pk)
        if message is None:
            raise NotFound("This message was taken back.")
        return Response(message)


class ChatMessages(APIView):
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


class ChatCancellation(APIView):
    """Stops the chat's turn: it ends `cancelled` and leaves no process behind. Without a turn nothing happens."""

    @extend_schema(request=None, responses={202: CancelledSerializer})
    def post(self, request: Request, chat_id: UUID) -> Response:
        turns = commands.cancel(find_chat(request, chat_id))
        return Response({"turns": turns}, status.HTTP_202_ACCEPTED)


class TraceDecision(APIView):
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


class RuleList(APIView):
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


class RuleDetail(APIView):
    """Deletes a rule."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        get_object_or_404(visible_to(request.user, Rule.objects.all()), pk=pk).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class ModelList(APIView):
    """Lists the models that can be chosen now. Local servers are looked for; `notes` says which could not be asked."""

    @extend_schema(responses=ModelsSerializer)
    def get(self, request: Request) -> Response:
        found = async_to_sync(discovery.look_for_models)(settings.MODELS)
        default = async_to_sync(discovery.suggested_model)(settings.MODELS)
        return Response(ModelsSerializer({"default": default, "choices": found.models, "notes": found.notes}).data)


class FolderList(APIView):
    """Completes a path: lists the folders that can be opened and whose paths begin with `beginning`."""

    @extend_schema(parameters=[FolderQuerySerializer], responses=FoldersSerializer)
    def get(self, request: Request) -> Response:
        query = FolderQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        return Response({"folders": path_completion.complete_path(query.validated_data["beginning"])})


class Sample(APIView):
    """Opens the sample project in a new folder and a new session."""

    @extend_schema(request=None, responses={201: SessionSerializer})
    def post(self, request: Request) -> Response:
        assert request.user.is_authenticated
        try:
            session = open_folder.open_sample(request.user)
        except ValueError as error:
            raise ValidationError({"detail": str(error)}) from None
        return Response(SessionSerializer(session).data, status.HTTP_201_CREATED)
