"""Defines what the API takes and gives for a chat's history: checkpoints, restores, files, calls that were cut off."""

from typing import Any

from rest_framework import serializers

from boocode.web.schema import with_example
from chats.models import Turn
from snapshots.files import quota
from snapshots.models import CallStart, Checkpoint, Restoration
from traces.read.paging import Query
from traces.web.serializers import TokensSerializer

from .serializers import ConflictSerializer

CHANGES = ["added", "modified", "deleted"]
TURN_CHANGES = [*CHANGES, "renamed"]
BUILDS = ["green", "red", "unchecked"]
MAKERS = ["agent", "person", "restore"]
NO_COUNT = "Null for what has no lines."


@with_example("Preview", {"checkpoint": "01890a5d-ac96-774b-bcce-b302099a8057", "scope": "both", "preview": True})
class RestoreSerializer(serializers.Serializer[Any]):
    """Takes what is to be restored."""

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
    """Gives a restore that was done."""

    undo = serializers.UUIDField(source="undo_id", help_text="The checkpoint before; restoring it is the way back.")
    checkpoint = serializers.UUIDField(source="checkpoint_id")
    result = serializers.UUIDField(source="result_id")
    paths = serializers.ListField(child=serializers.CharField(), help_text="The only files; empty for all.")
    kept = serializers.ListField(child=serializers.CharField(), help_text="Files left as the person made them.")

    class Meta:
        model = Restoration
        fields = ("id", "checkpoint", "undo", "result", "scope", "paths", "kept", "state", "created_at", "finished_at")


class SwitchedMessagesSerializer(serializers.Serializer[Any]):
    """Gives which messages a restore would hide or show."""

    hidden = serializers.ListField(child=serializers.UUIDField(), help_text="The first 1,000.")
    hidden_count = serializers.IntegerField()
    shown_count = serializers.IntegerField()


class FileChangeSerializer(serializers.Serializer[Any]):
    """Gives a file that changed."""

    path = serializers.CharField()
    status = serializers.ChoiceField(CHANGES)
    added = serializers.IntegerField(allow_null=True, help_text=NO_COUNT)
    removed = serializers.IntegerField(allow_null=True, help_text=NO_COUNT)


class PreviewedFileSerializer(FileChangeSerializer):
    """Gives a file that a restore would change."""

    diff = serializers.CharField(allow_null=True)
    conflict = serializers.CharField(allow_null=True, help_text="Why it is not simply restored.")
    can_overwrite = serializers.BooleanField()
    kept = serializers.BooleanField(help_text="Whether it would stay as it is.")


class RestorationPreviewSerializer(serializers.Serializer[Any]):
    """Gives what a restore would change."""

    checkpoint = serializers.UUIDField()
    scope = serializers.ChoiceField(Restoration.Scope.choices)
    messages = SwitchedMessagesSerializer()
    files = PreviewedFileSerializer(many=True, help_text="The first 1,000.")
    files_count = serializers.IntegerField()
    conflicts = serializers.IntegerField()
    left_out = serializers.ListField(child=serializers.CharField(), help_text="Files that no checkpoint keeps.")


class RefusedSerializer(ConflictSerializer):
    """Says why a restore is refused, and where to cancel the turn that is in its way."""

    cancellation = serializers.CharField(allow_null=True)


class LeftOutSerializer(serializers.Serializer[Any]):
    """Gives a file, or a folder with a slash at its end, that the checkpoint does not keep."""

    path = serializers.CharField()
    reason = serializers.CharField()


class CheckpointTreeSerializer(serializers.Serializer[Any]):
    """Gives how a checkpoint stands with files."""

    state = serializers.ChoiceField(Checkpoint.Files.choices)
    note = serializers.CharField(allow_null=True, help_text="Why files are missing.")
    changed = serializers.IntegerField(allow_null=True, help_text="Files that the turn changed.")
    added = serializers.IntegerField(allow_null=True, help_text="Lines.")
    removed = serializers.IntegerField(allow_null=True, help_text="Lines.")
    left_out = LeftOutSerializer(many=True)
    left_out_count = serializers.IntegerField()


class CheckpointSerializer(serializers.Serializer[Any]):
    """Gives a checkpoint. A turn has the fields from `message_id` on, a restore those from `checkpoint` on."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(Checkpoint.Kind.choices)
    turn = serializers.UUIDField(allow_null=True)
    parent = serializers.UUIDField(  # type: ignore[assignment]  # shadows the serializer's own
        allow_null=True, help_text="The checkpoint that it went on from."
    )
    position = serializers.UUIDField(allow_null=True, help_text="The last message then.")
    at = serializers.DateTimeField()
    running = serializers.BooleanField()
    head = serializers.BooleanField(help_text="Whether the conversation stands here.")
    taken_back = serializers.BooleanField()
    build = serializers.ChoiceField(BUILDS, allow_null=True)
    last_green = serializers.BooleanField()
    files = CheckpointTreeSerializer()

    message_id = serializers.UUIDField(required=False, allow_null=True, help_text="What the person wrote.")
    title = serializers.CharField(required=False)
    answer = serializers.CharField(required=False, help_text="The answer's first words.")
    status = serializers.ChoiceField(Turn.Status.choices, required=False)
    model = serializers.CharField(required=False)
    steps = serializers.IntegerField(required=False)
    tools = serializers.DictField(child=serializers.IntegerField(), required=False, help_text="Calls by tool.")
    tokens = TokensSerializer(required=False)
    cost_usd = serializers.FloatField(required=False, allow_null=True)
    unpriced_steps = serializers.IntegerField(required=False)
    interruptions = serializers.IntegerField(required=False)
    compactions = serializers.IntegerField(required=False)

    checkpoint = serializers.UUIDField(required=False, help_text="What was restored.")
    of = serializers.ChoiceField(Checkpoint.Kind.choices, required=False)
    scope = serializers.ChoiceField(Restoration.Scope.choices, required=False)
    paths = serializers.ListField(child=serializers.CharField(), required=False)
    undo = serializers.UUIDField(required=False, help_text="The way back.")


class FileVersionSerializer(serializers.Serializer[Any]):
    """Gives a version of a file."""

    checkpoint = serializers.UUIDField()
    before = serializers.BooleanField(help_text="Whether it is what the checkpoint's turn found.")
    turn = serializers.UUIDField(allow_null=True)
    kind = serializers.ChoiceField(Checkpoint.Kind.choices)
    at = serializers.DateTimeField()
    exists = serializers.BooleanField()
    blob = serializers.CharField(allow_null=True, help_text="The content's id: the same content has the same.")
    by = serializers.ChoiceField(MAKERS)
    title = serializers.CharField()
    trace = serializers.UUIDField(allow_null=True)
    tool = serializers.CharField(allow_null=True)


class CheckpointFilesSerializer(serializers.Serializer[Any]):
    """Gives what a checkpoint's turn or restore changed."""

    files = FileChangeSerializer(many=True, allow_null=True, help_text="Null where they are not kept.")


class TurnFileSerializer(FileChangeSerializer):
    """Gives a file that a turn changed; `source` is a renamed file's former name."""

    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # shadows the field's own
    status = serializers.ChoiceField(TURN_CHANGES)


class TurnChangesSerializer(serializers.Serializer[Any]):
    """Gives what a turn changed."""

    files = TurnFileSerializer(many=True, allow_null=True, help_text="Null where they are not kept.")
    diff = serializers.CharField(help_text="Unified.")
    cut = serializers.BooleanField(help_text="Whether the diff is longer.")


class Flag(serializers.BooleanField):
    """Takes a yes or no of a query; a bare name, `?before`, is a yes."""

    TRUE_VALUES = serializers.BooleanField.TRUE_VALUES | {""}


class FileQuery(Query):
    """Takes which state of a file to show."""

    before = Flag(required=False, default=False, help_text="As the checkpoint's turn found it.")


class FileContentSerializer(serializers.Serializer[Any]):
    """Gives a file as a checkpoint has it."""

    path = serializers.CharField()
    bytes = serializers.IntegerField()
    text = serializers.CharField(allow_null=True, help_text="Null for what is binary or too long.")
    diff_from_now = serializers.CharField(allow_null=True)


@with_example("Quota", {"quota_mb": 500})
class QuotaSerializer(serializers.Serializer[Any]):
    """Takes a project's quota."""

    quota_mb = serializers.IntegerField(
        min_value=1,
        max_value=quota.MOST_MB,
        allow_null=True,
        help_text="Megabytes; null for what holds for all projects.",
    )


class StorageSerializer(serializers.Serializer[Any]):
    """Gives the disk space of a project's checkpoints."""

    bytes = serializers.IntegerField()
    quota_bytes = serializers.IntegerField()
    default_quota_bytes = serializers.IntegerField()
    checkpoints = serializers.IntegerField(help_text="Those that have their files.")
    pruned = serializers.IntegerField(help_text="Those that had to give their files up.")
    oldest = serializers.DateTimeField(allow_null=True)


@with_example("Run it again", {"decision": "again"})
class AftermathSerializer(serializers.Serializer[Any]):
    """Takes the decision on a call that was cut off."""

    decision = serializers.ChoiceField(
        CallStart.Decision.choices,
        help_text="`again`: the model is asked to run it again, in a new turn; `skip`: it is left.",
    )


class InterruptedCallSerializer(serializers.Serializer[Any]):
    """Gives what a person decides on after a call was cut off."""

    may_have_run = serializers.BooleanField()
    decision = serializers.ChoiceField(CallStart.Decision.choices, allow_blank=True)
    files = FileChangeSerializer(many=True, allow_null=True, help_text="Changed since it began; null: can't be told.")
    note = serializers.CharField(help_text="Why that can't be told.")
