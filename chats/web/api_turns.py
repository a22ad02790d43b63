"""Serves one turn over REST: how it stands, and once it is over, all that came of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from boocode.web.access import visible_to
from boocode.web.views import KnownQuery
from chats.history import file_versions
from chats.models import Message, Turn
from chats.stream import log
from snapshots.models import Checkpoint
from snapshots.web.serializers import CheckSerializer
from traces.models import ModelStep
from traces.read.paging import Query
from traces.record.trace_json import encode_step, encode_turn
from traces.web.serializers import StepSerializer, TurnSummarySerializer

from .long_poll import WAIT_HEADER, Wait
from .serializers_history import TurnFileSerializer

MAX_WAIT_S = 60
FILES_TAKE_AT_MOST = timedelta(seconds=10)
"""How long after a turn's end its files are waited for. They are taken right after it."""
NOT_KEPT: dict[str, Any] = {"files": None, "diff": None, "cut": False}


class WaitQuery(Query):
    """Takes how long to wait for the turn's end."""

    wait = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=MAX_WAIT_S, help_text="Seconds to wait for the turn's end."
    )


class TurnDetailSerializer(TurnSummarySerializer):
    """Gives a turn with its steps and what came of it."""

    error = serializers.CharField(allow_null=True)
    answer = serializers.CharField(allow_null=True, help_text="The last step's text; null before the first.")
    check = CheckSerializer(allow_null=True, help_text="The project's check; null where nothing was written.")
    files = TurnFileSerializer(
        many=True, allow_null=True, help_text="What it changed; null before its end, and where that is not kept."
    )
    patch = serializers.CharField(allow_null=True, help_text="The same as one unified diff.")
    patch_cut = serializers.BooleanField(help_text="Whether the diff is longer.")
    step_list = StepSerializer(many=True)


class TurnDetail(KnownQuery):
    """Shows a turn: how it stands, what it used, its answer, its check, the files it changed. With `wait` it answers
    once the turn is over or the time is up. Its calls are at `/api/chats/<id>/traces?turn=`."""

    query_class = WaitQuery

    @extend_schema(parameters=[WaitQuery], responses=TurnDetailSerializer)
    def get(self, request: Request, turn_id: UUID) -> Response:
        query = self.read_query(request)
        turns = Turn.objects.select_related("summary", "chat").filter(summary__isnull=False)
        turn = get_object_or_404(visible_to(request.user, turns), pk=turn_id)
        checkpoint = Checkpoint.objects.select_related("workspace__project").filter(turn_id=turn.pk).first()
        headers = {}
        wait_s = query.validated_data["wait"]
        if wait_s and (wait := _find_wait(turn, checkpoint, wait_s)):
            headers[WAIT_HEADER] = wait.encode()
        return Response(_encode(turn, checkpoint), headers=headers)


def _find_wait(turn: Turn, checkpoint: Checkpoint | None, wait_s: int) -> Wait | None:
    """Returns what the answer should wait for, None where the turn is over and its files are on record."""
    if turn.finished_at is None:
        return Wait(turn.chat.session_id, turn.pk, wait_s)
    pending = checkpoint is not None and checkpoint.files == Checkpoint.Files.PENDING
    if pending and timezone.now() - turn.finished_at < FILES_TAKE_AT_MOST:
        return Wait(turn.chat.session_id, turn.pk, wait_s, for_files=True)
    return None


def _encode(turn: Turn, checkpoint: Checkpoint | None) -> dict[str, Any]:
    changes = (file_versions.read_turn(checkpoint) if checkpoint and turn.finished_at else None) or NOT_KEPT
    steps = ModelStep.objects.filter(turn_id=turn.pk).order_by("id")
    return encode_turn(turn.summary) | {
        "error": turn.error or None,
        "answer": _read_answer(turn.pk),
        "check": turn.shown_check,
        "files": changes["files"],
        "patch": changes["diff"],
        "patch_cut": changes["cut"],
        "step_list": [encode_step(step) for step in steps],
    }


def _read_answer(turn_id: UUID) -> str | None:
    """Reads the text of the turn's last step, of one in progress as far as it has come."""
    steps = Message.objects.filter(turn_id=turn_id, role=Message.Role.ASSISTANT, hidden_at=None)
    last = steps.order_by("-id").values_list("pk", flat=True).first()
    message = log.read_message(last) if last else None
    return message["content"] if message else None
