"""REST for what happened in a chat and for going back: the timeline, restores, the versions of a file."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from boocode.access import visible_to
from snapshots import quota, taking
from snapshots.models import CallStart, Checkpoint, Restoration
from traces.models import ToolTrace

from . import aftermath, file_versions, restoring, timeline
from .models import Chat, Project
from .serializers import TurnSerializer


class RestoreSerializer(serializers.Serializer[Any]):
    checkpoint = serializers.UUIDField(help_text="One of the timeline's.")
    scope = serializers.ChoiceField(Restoration.Scope.choices, default=Restoration.Scope.BOTH)
    preview = serializers.BooleanField(default=False, help_text="Only tell what would change.")
    paths = serializers.ListField(
        child=serializers.CharField(max_length=4096), default=list, help_text="Only these files."
    )
    overwrite = serializers.ListField(
        child=serializers.CharField(max_length=4096), default=list, help_text="Conflicts to restore all the same."
    )
    overwrite_all = serializers.BooleanField(default=False)
    before = serializers.BooleanField(default=False, help_text="Files as the checkpoint's turn found them.")

    def validate(self, wish: dict[str, Any]) -> dict[str, Any]:
        for field in ("paths", "before"):
            if wish[field] and wish["scope"] != Restoration.Scope.FILES:
                raise serializers.ValidationError({field: "This goes with the scope “files” only."})
        return wish


class RestorationSerializer(serializers.ModelSerializer[Restoration]):
    undo = serializers.UUIDField(source="undo_id", help_text="The checkpoint before; restoring it is the way back.")
    checkpoint = serializers.UUIDField(source="checkpoint_id")
    result = serializers.UUIDField(source="result_id")

    class Meta:
        model = Restoration
        fields = ("id", "checkpoint", "undo", "result", "scope", "paths", "kept", "state", "created_at", "finished_at")


class QuotaSerializer(serializers.Serializer[Any]):
    quota_mb = serializers.IntegerField(
        min_value=1,
        max_value=quota.MOST_MB,
        allow_null=True,
        help_text="Megabytes; null for what holds for all projects.",
    )


class AftermathSerializer(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(
        CallStart.Decision.choices,
        help_text="`again`: the model is asked to run it again, in a new turn; `skip`: it is left.",
    )


def find_chat(request: Request, chat_id: UUID) -> Chat:
    return get_object_or_404(visible_to(request.user, Chat.objects.select_related("session__project")), pk=chat_id)


class ChatTimeline(APIView):
    """The places to come back to, oldest first, with what each turn did and cost."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, chat_id: UUID) -> Response:
        return Response(timeline.read(find_chat(request, chat_id).pk))


class ChatRestorations(APIView):
    """Take the conversation, the files or both back to a checkpoint. With `preview` nothing changes."""

    @extend_schema(request=RestoreSerializer, responses={200: OpenApiTypes.OBJECT, 201: RestorationSerializer})
    def post(self, request: Request, chat_id: UUID) -> Response:
        assert request.user.is_authenticated
        chat = find_chat(request, chat_id)
        asked = RestoreSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        only_look = given.pop("preview")
        checkpoint = get_object_or_404(Checkpoint, pk=given.pop("checkpoint"), chat=chat)
        wish = restoring.Wish(checkpoint=checkpoint, **given)
        try:
            if only_look:
                return Response(restoring.preview(chat, wish))
            done = restoring.restore(chat, request.user, wish)
        except restoring.Refused as error:
            cancel = f"/api/chats/{error.running}/cancellation" if error.running else None
            return Response({"detail": str(error), "cancellation": cancel}, status.HTTP_409_CONFLICT)
        return Response(RestorationSerializer(done).data, status.HTTP_201_CREATED)


class FileVersions(APIView):
    """The versions of one file over the chat's checkpoints, newest first, with the tool call that made each."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, chat_id: UUID, path: str) -> Response:
        return Response(file_versions.read(find_chat(request, chat_id), path))


class CheckpointFiles(APIView):
    """The files that a checkpoint's turn changed, with the lines added and removed; `files` is null where they are not
    kept."""

    @extend_schema(operation_id="chats_checkpoints_files_list", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, chat_id: UUID, checkpoint_id: UUID) -> Response:
        places = Checkpoint.objects.select_related("project")
        checkpoint = get_object_or_404(places, pk=checkpoint_id, chat=find_chat(request, chat_id))
        return Response({"files": file_versions.changed_at(checkpoint)})


class FileAtCheckpoint(APIView):
    """One file as a checkpoint has it: its text and the diff from what is there now; `?before` as its turn found it."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, chat_id: UUID, checkpoint_id: UUID, path: str) -> Response:
        chat = find_chat(request, chat_id)
        checkpoint = get_object_or_404(Checkpoint, pk=checkpoint_id, chat=chat)
        tree = checkpoint.before if "before" in request.query_params else checkpoint.tree
        found = file_versions.content(chat, tree, path)
        if found is None:
            raise Http404
        return Response(found)


class TraceAftermath(APIView):
    """A call that was cut off and may have run: the files that changed since it began, and what is made of it."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, trace_id: UUID) -> Response:
        return Response(aftermath.read(self._find(request, trace_id)))

    @extend_schema(request=AftermathSerializer, responses={202: TurnSerializer, 204: None, 409: OpenApiTypes.OBJECT})
    def post(self, request: Request, trace_id: UUID) -> Response:
        assert request.user.is_authenticated
        asked = AftermathSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            turn = aftermath.decide(self._find(request, trace_id), request.user, asked.validated_data["decision"])
        except aftermath.NotInterrupted as error:
            return Response({"detail": str(error)}, status.HTTP_409_CONFLICT)
        if turn is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(TurnSerializer(turn).data, status.HTTP_202_ACCEPTED)

    def _find(self, request: Request, trace_id: UUID) -> ToolTrace:
        traces = ToolTrace.objects.select_related("chat__session__project")
        return get_object_or_404(visible_to(request.user, traces), pk=trace_id)


class ProjectStorage(APIView):
    """The disk space of a project's checkpoints, and how much they may take: its own quota, else that of all
    (BOOCODE_CHECKPOINT_QUOTA_MB)."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, project_id: UUID) -> Response:
        return Response(quota.usage(self._find(request, project_id).pk))

    @extend_schema(request=QuotaSerializer, responses=OpenApiTypes.OBJECT)
    def patch(self, request: Request, project_id: UUID) -> Response:
        project = self._find(request, project_id)
        asked = QuotaSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        quota.allow(project.pk, asked.validated_data["quota_mb"])
        taking.prune_soon(project.pk, project.root)
        return Response(quota.usage(project.pk))

    def _find(self, request: Request, project_id: UUID) -> Project:
        return get_object_or_404(visible_to(request.user, Project.objects.all()), pk=project_id)
