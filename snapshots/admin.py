"""Shows agent snapshots, checkpoints and restores in the admin."""

from django.contrib import admin

from boocode.web.admin import PermanentRecordAdmin, RecordAdmin

from .models import AgentSnapshot, CallStart, Checkpoint, Quota, Restoration


@admin.register(AgentSnapshot)
class AgentSnapshotAdmin(RecordAdmin):
    list_display = ["chat", "format", "updated_at"]
    list_filter = ["format", "updated_at"]
    list_select_related = ["chat"]
    search_fields = ["=chat__id", "chat__name"]
    bodies = ("data",)


@admin.register(Checkpoint)
class CheckpointAdmin(PermanentRecordAdmin):
    list_display = ["id", "chat", "kind", "files", "build", "created_at", "ended_at"]
    list_filter = ["kind", "files", "build", "created_at"]
    list_select_related = ["chat"]
    search_fields = ["=id", "=turn__id", "chat__name"]
    bodies = ("left_out", "facts", "agent")


@admin.register(Restoration)
class RestorationAdmin(PermanentRecordAdmin):
    list_display = ["id", "chat", "user", "scope", "state", "created_at", "finished_at"]
    list_filter = ["state", "scope", "created_at"]
    list_select_related = ["chat", "user"]
    search_fields = ["=id", "chat__name", "user__username"]
    bodies = ("paths", "kept")


@admin.register(CallStart)
class CallStartAdmin(PermanentRecordAdmin):
    list_display = ["trace", "decision", "started_at"]
    list_filter = ["decision", "started_at"]
    list_select_related = ["trace"]
    search_fields = ["=trace__id"]
    bodies = ("changes",)


@admin.register(Quota)
class QuotaAdmin(PermanentRecordAdmin):
    list_display = ["workspace", "megabytes"]
    list_select_related = ["workspace__project"]
    search_fields = ["=workspace__id", "workspace__project__name"]
