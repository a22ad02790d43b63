from django.db import models
from django.db.models import Q
from uuid6 import uuid7


class AgentSnapshot(models.Model):
    """Holds where a chat's agent stands: one row for each chat, written over as each step and turn ends. It holds
    pointers, not copies, so that its size does not grow with the chat (see agent_snapshots.py)."""

    FORMAT = 3

    owner_path = "chat__session__project__owner"

    chat = models.OneToOneField("chats.Chat", models.CASCADE, primary_key=True, related_name="agent_snapshot")
    format = models.IntegerField(default=FORMAT)
    data = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"snapshot of {self.chat_id}"


class Checkpoint(models.Model):
    """Marks a place to come back to: where the conversation stood, and the tree of the project's files then.

    A turn has one, made when it begins, with the files before it (`before`), and closed in the transaction that ends
    it; `tree` is filled right after. `parent` is the checkpoint that it went on from: following the parents gives the
    turns that belong to the conversation at this place, whatever was taken back and done anew since.
    """

    class Kind(models.TextChoices):
        START = "start", "before the first turn"
        TURN = "turn", "a turn's end"
        UNDO = "undo", "before a restore"
        RESTORE = "restore", "after a restore"

    class Files(models.TextChoices):
        PENDING = "pending"
        KEPT = "kept"
        NONE = "none"
        PRUNED = "pruned"

    owner_path = "chat__session__project__owner"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("chats.Workspace", models.CASCADE, related_name="+")
    chat = models.ForeignKey("chats.Chat", models.CASCADE, related_name="checkpoints", db_index=False)
    turn = models.OneToOneField("chats.Turn", models.CASCADE, related_name="checkpoint", null=True, blank=True)
    parent = models.ForeignKey("self", models.SET_NULL, related_name="+", null=True, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TURN)
    position = models.UUIDField(null=True, blank=True, help_text="The last message then.")
    before = models.CharField(max_length=64, blank=True, help_text="The tree that the turn found.")
    tree = models.CharField(max_length=64, blank=True)
    files = models.CharField(max_length=10, choices=Files, default=Files.PENDING)
    note = models.TextField(blank=True, help_text="Why files are missing.")
    left_out = models.JSONField(default=list, blank=True)
    left_out_count = models.IntegerField(default=0)
    changed = models.IntegerField(null=True, blank=True, help_text="Files that the turn changed.")
    added = models.IntegerField(null=True, blank=True, help_text="Lines.")
    removed = models.IntegerField(null=True, blank=True, help_text="Lines.")
    facts = models.JSONField(default=dict, blank=True, help_text="What the timeline tells of the turn.")
    agent = models.JSONField(default=dict, blank=True, help_text="The agent snapshot then.")
    build = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["chat", "id"], name="checkpoint_by_chat"),
            models.Index(fields=["workspace", "id"], condition=Q(files="pending"), name="checkpoint_pending"),
            models.Index(fields=["workspace", "id"], condition=Q(files="kept"), name="checkpoint_kept"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Restoration(models.Model):
    """Records that a chat, its files or both are taken back to a checkpoint. It is a journal: another process can
    finish what it says is to be done, so that half a restore never stays."""

    class State(models.TextChoices):
        PLANNED = "planned", "nothing was changed yet"
        FILES = "files", "files are being changed"
        DONE = "done"
        FAILED = "failed", "everything is as it was before"

    class Scope(models.TextChoices):
        CONVERSATION = "conversation"
        FILES = "files"
        BOTH = "both"

    OPEN = (State.PLANNED, State.FILES)

    owner_path = "chat__session__project__owner"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("chats.Workspace", models.CASCADE, related_name="+")
    chat = models.ForeignKey("chats.Chat", models.CASCADE, related_name="restorations")
    user = models.ForeignKey("auth.User", models.SET_NULL, null=True, related_name="+")
    checkpoint = models.ForeignKey(Checkpoint, models.CASCADE, related_name="+")
    undo = models.ForeignKey(Checkpoint, models.SET_NULL, null=True, related_name="+")
    result = models.OneToOneField(Checkpoint, models.SET_NULL, null=True, related_name="restoration")
    scope = models.CharField(max_length=12, choices=Scope)
    tree = models.CharField(max_length=64, blank=True, help_text="The files to go back to.")
    paths = models.JSONField(default=list, blank=True, help_text="Only these files; empty for all.")
    kept = models.JSONField(default=list, blank=True, help_text="Files that were left as the person made them.")
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(state__in=("planned", "files")),
                name="one_open_restore_a_workspace",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} to {self.checkpoint_id} ({self.state})"


class Quota(models.Model):
    """Limits the disk that the checkpoints of one workspace may take, where the person set it."""

    owner_path = "workspace__project__owner"

    workspace = models.OneToOneField(
        "chats.Workspace", models.CASCADE, primary_key=True, related_name="checkpoint_quota"
    )
    megabytes = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.megabytes} MB for {self.workspace_id}"


class CallStart(models.Model):
    """Records that a call which may change something is about to run, so that a call without this row has done nothing.
    `changes` is what it will do to files, as path, digest before, digest after (see write_intents.py). `decision` is
    what the person made of it where it was cut off."""

    class Decision(models.TextChoices):
        AGAIN = "again", "run it again"
        SKIP = "skip", "let it be"

    owner_path = "trace__chat__session__project__owner"

    trace = models.OneToOneField("traces.ToolTrace", models.CASCADE, primary_key=True, related_name="start")
    changes = models.JSONField(default=list)
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"start of {self.trace_id}"
