"""Serves a chat's history over REST: the timeline, restores, the versions of a file."""

from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from boocode.web.access import visible_to
from boocode.web.views import KnownQuery
from chats.history import file_versions, restore, timeline
from chats.models import Project, Turn
from chats.turns import interrupted_review
from snapshots import capture
from snapshots.files import quota
from snapshots.models import Checkpoint
from traces.models import ToolTrace

from .lookups import find_chat
from .serializers import ConflictSerializer, TurnSerializer
from .serializers_history import (
    AftermathSerializer,
    CheckpointFilesSerializer,
    CheckpointSerializer,
    FileContentSerializer,
    FileQuery,
    FileVersionSerializer,
    InterruptedCallSerializer,
    QuotaSerializer,
    RefusedSerializer,
    RestorationPreviewSerializer,
    RestorationSerializer,
    RestoreSerializer,
    StorageSerializer,
    TurnChangesSerializer,
)


class ChatTimeline(KnownQuery):
    """Lists the checkpoints of the chat, oldest first, with what each turn did and cost."""

    @extend_schema(operation_id="chats_timeline_list", responses=CheckpointSerializer(many=True))
    def get(self, request: Request, chat_id: UUID) -> Response:
        return Response(timeline.read_timeline(find_chat(request, chat_id).pk))


class ChatRestorations(KnownQuery):
    """Restores the conversation, the files or both to a checkpoint. With `preview` nothing changes."""

    @extend_schema(
        request=RestoreSerializer,
        responses={200: RestorationPreviewSerializer, 201: RestorationSerializer, 409: RefusedSerializer},
    )
    def post(self, request: Request, chat_id: UUID) -> Response:
        assert request.user.is_authenticated
        chat = find_chat(request, chat_id)
        asked = RestoreSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        only_look = given.pop("preview")
        checkpoint = get_object_or_404(Checkpoint, pk=given.pop("checkpoint"), chat=chat)
        wish = restore.RestoreRequest(checkpoint=checkpoint, **given)
        try:
            if only_look:
                return Response(restore.preview(chat, wish))
            done = restore.restore(chat, request.user, wish)
        except restore.Refused as error:
            cancel = f"/api/chats/{error.running}/cancellation" if error.running else None
            return Response({"detail": str(error), "cancellation": cancel}, status.HTTP_409_CONFLICT)
        return Response(RestorationSerializer(done).data, status.HTTP_201_CREATED)


class FileVersions(KnownQuery):
    """Lists the versions of one file over the chat's checkpoints, newest first, with the tool call that made each."""

    @extend_schema(operation_id="chats_files_versions_list", responses=FileVersionSerializer(many=True))
    def get(self, request: Request, chat_id: UUID, path: str) -> Response:
        return Response(file_versions.read_versions(find_chat(request, chat_id), path))


class CheckpointFiles(KnownQuery):
    """Lists the files that a checkpoint's turn changed, with the lines added and removed.

    `files` is null where the checkpoint keeps no files.
    """

    @extend_schema(operation_id="chats_checkpoints_files_list", responses=CheckpointFilesSerializer)
    def get(self, request: Request, chat_id: UUID, checkpoint_id: UUID) -> Response:
        places = Checkpoint.objects.select_related("workspace__project")
        checkpoint = get_object_or_404(places, pk=checkpoint_id, chat=find_chat(request, chat_id))
        return Response({"files": file_versions.read_changes(checkpoint)})


class TurnChanges(KnownQuery):
    """Shows what a turn changed as one diff, with renames as renames. `files` is null where they are not kept."""

    @extend_schema(responses=TurnChangesSerializer)
    def get(self, request: Request, turn_id: UUID) -> Response:
        turn = get_object_or_404(visible_to(request.user, Turn.objects.all()), pk=turn_id)
        places = Checkpoint.objects.select_related("workspace__project")
        checkpoint = places.filter(turn_id=turn.pk, kind=Checkpoint.Kind.TURN).first()
        found = file_versions.read_turn(checkpoint) if checkpoint else None
        return Response(found or {"files": None, "diff": "", "cut": False})


class FileAtCheckpoint(KnownQuery):
    """Shows a file of a checkpoint and its diff from the present file; with `?before` as the turn found it."""

    query_class = FileQuery

    @extend_schema(parameters=[FileQuery], responses=FileContentSerializer)
    def get(self, request: Request, chat_id: UUID, checkpoint_id: UUID, path: str) -> Response:
        chat = find_chat(request, chat_id)
        checkpoint = get_object_or_404(Checkpoint, pk=checkpoint_id, chat=chat)
        tree = checkpoint.before if self.read_query(request).validated_data["before"] else checkpoint.tree
        found = file_versions.read_content(chat, tree, path)
        if found is None:
            raise Http404
        return Response(found)


class TraceAftermath(KnownQuery):
    """Reviews a call that was cut off and may have run: shows what changed since it began, and takes the decision."""

    @extend_schema(responses=InterruptedCallSerializer)
    def get(self, request: Request, trace_id: UUID) -> Response:
        return Response(interrupted_review.read(self._find(request, trace_id)))

    @extend_schema(request=AftermathSerializer, responses={202: TurnSerializer, 204: None, 409: ConflictSerializer})
    def post(self, request: Request, trace_id: UUID) -> Response:
        assert request.user.is_authenticated
        asked = AftermathSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            turn = interrupted_review.decide(
                self._find(request, trace_id), request.user, asked.validated_data["decision"]
            )
        except interrupted_review.NotInterrupted as error:
            return Response({"detail": str(error)}, status.HTTP_409_CONFLICT)
        if turn is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(TurnSerializer(turn).data, status.HTTP_202_ACCEPTED)

    def _find(self, request: Request, trace_id: UUID) -> ToolTrace:
        traces = ToolTrace.objects.select_related("chat__session__project")
        return get_object_or_404(visible_to(request.user, traces), pk=trace_id)


class ProjectStorage(KnownQuery):
    """Shows the disk space of a project's checkpoints and their quota, and sets the quota.

    Without its own, a project has that of all (BOOCODE_CHECKPOINT_QUOTA_MB).
    """

    @extend_schema(responses=StorageSerializer)
    def get(self, request: Request, project_id: UUID) -> Response:
        return Response(quota.read_usage(self._find(request, project_id).pk))

    @extend_schema(request=QuotaSerializer, responses=StorageSerializer)
    def patch(self, request: Request, project_id: UUID) -> Response:
        project = self._find(request, project_id)
        asked = QuotaSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        quota.set_limit(project.pk, asked.validated_data["quota_mb"])
        capture.prune_soon(project.pk, project.root)
        return Response(quota.read_usage(project.pk))

    def _find(self, request: Request, project_id: UUID) -> Project:
        return get_object_or_404(visible_to(request.user, Project.objects.all()), pk=project_id)
