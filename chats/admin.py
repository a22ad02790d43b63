"""Shows projects, sessions and what happened in them in the admin. Lists load no message text and no log."""

from django.contrib import admin, messages
from django.db.models import Count, F, Model, QuerySet
from django.http import HttpRequest

from boocode.web.admin import PermanentRecordAdmin, RecordAdmin

from .models import (
    ApiToken,
    Approval,
    Chat,
    DataDirectory,
    LoginLink,
    LogSlice,
    Message,
    Project,
    Rule,
    Session,
    SessionLog,
    Turn,
    Workspace,
)


@admin.register(Project)
class ProjectAdmin(PermanentRecordAdmin):
    """Lets a few fields of a project be changed.

    The folder can't be: it is checked where it is opened. Nor can sessions be deleted: their turns have to be stopped
    first.
    """

    list_display = ["name", "owner", "root", "approval", "session_count", "created_at"]
    list_filter = ["approval", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "root", "owner__username"]
    readonly_fields = ["owner", "root", "created_at", "updated_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        return super().get_queryset(request).annotate(sessions_held=Count("sessions"))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    @admin.display(description="sessions", ordering="sessions_held")
    def session_count(self, project: Project) -> int:
        return project.sessions_held  # type: ignore[attr-defined]


@admin.register(Workspace)
class WorkspaceAdmin(PermanentRecordAdmin):
    """Lists workspaces."""

    list_display = ["id", "project", "kind", "root", "created_at"]
    list_filter = ["kind", "created_at"]
    list_select_related = ["project"]
    search_fields = ["=id", "project__name"]


class ChatInline(admin.TabularInline):
    """Lists a session's chats."""

    model = Chat
    fields = ["name", "model", "agent", "status", "created_at"]
    readonly_fields = ["name", "model", "agent", "status", "created_at"]
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return False


@admin.register(Session)
class SessionAdmin(PermanentRecordAdmin):
    """Lists sessions."""

    list_display = ["__str__", "project", "owner", "model", "created_at", "updated_at"]
    list_filter = ["created_at"]
    list_select_related = ["project__owner"]
    search_fields = ["name", "project__name", "project__owner__username"]
    inlines = [ChatInline]

    @admin.display(ordering="project__owner__username")
    def owner(self, session: Session) -> str:
        return session.project.owner.get_username()


@admin.register(Chat)
class ChatAdmin(PermanentRecordAdmin):
    """Lists chats."""

    list_display = ["__str__", "session", "project", "model", "agent", "status", "created_at"]
    list_filter = ["status", "agent", "created_at"]
    list_select_related = ["session__project"]
    search_fields = ["name", "session__name", "session__project__name"]

    @admin.display(ordering="session__project__name")
    def project(self, chat: Chat) -> str:
        return chat.session.project.name


@admin.register(Turn)
class TurnAdmin(PermanentRecordAdmin):
    """Lists turns."""

    list_display = ["id", "chat", "user", "status", "model", "steps", "fence", "created_at", "finished_at"]
    list_filter = ["status", "cancel_requested", "created_at"]
    list_select_related = ["chat", "user"]
    search_fields = ["=id", "=request_id", "user__username", "chat__name"]


@admin.register(Approval)
class ApprovalAdmin(PermanentRecordAdmin):
    """Lists approvals."""

    list_display = ["id", "tool", "chat", "decision", "decided_by", "asked_at", "decided_at"]
    list_filter = ["decision", "asked_at"]
    list_select_related = ["turn__chat", "decided_by"]
    search_fields = ["=id", "=trace__id", "turn__chat__name", "reason"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval]:
        return super().get_queryset(request).annotate(asked_tool=F("trace__tool"))

    @admin.display(ordering="asked_tool")
    def tool(self, approval: Approval) -> str:
        return approval.asked_tool  # type: ignore[attr-defined]

    @admin.display(ordering="turn__chat__name")
    def chat(self, approval: Approval) -> str:
        return str(approval.turn.chat)


@admin.register(Rule)
class RuleAdmin(RecordAdmin):
    """Lists the rules of projects."""

    list_display = ["tool", "pattern", "verdict", "project", "created_by", "created_at"]
    list_filter = ["verdict", "tool", "created_at"]
    list_select_related = ["project", "created_by"]
    search_fields = ["pattern", "project__name"]


@admin.register(Message)
class MessageAdmin(PermanentRecordAdmin):
    """Lists messages."""

    list_display = ["id", "role", "kind", "status", "chat", "model", "tokens_used", "created_at"]
    list_filter = ["role", "status", "kind", "created_at"]
    list_select_related = ["chat"]
    search_fields = ["=id", "content"]
    search_help_text = "An id, or words of the text"
    bodies = ("content", "tool_calls", "tool_results", "metadata")


@admin.register(SessionLog)
class SessionLogAdmin(PermanentRecordAdmin):
    """Lists how far the logs reach."""

    list_display = ["session", "ord", "floor", "epoch", "first_epoch"]
    list_select_related = ["session"]
    search_fields = ["=session__id", "session__name"]


@admin.register(LogSlice)
class LogSliceAdmin(PermanentRecordAdmin):
    """Lists the slices of the logs."""

    list_display = ["id", "session", "first_ord", "last_ord", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["session"]
    search_fields = ["=session__id"]
    bodies = ("frames",)


@admin.register(ApiToken)
class ApiTokenAdmin(RecordAdmin):
    """Lists tokens and revokes them; `createtoken` makes them."""

    list_display = ["__str__", "user", "scope", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_filter = ["scope", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__username"]
    actions = ["revoke"]

    @admin.action(description="Revoke the chosen tokens", permissions=["delete"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        count = ApiToken.revoke(tokens)
        self.message_user(request, f"{count} tokens revoked.", messages.SUCCESS)


@admin.register(LoginLink)
class LoginLinkAdmin(RecordAdmin):
    """Lists login links."""

    list_display = ["id", "user", "expires_at", "used_at"]
    list_filter = ["expires_at", "used_at"]
    list_select_related = ["user"]
    search_fields = ["user__username"]


@admin.register(DataDirectory)
class DataDirectoryAdmin(PermanentRecordAdmin):
    """Shows which data directory belongs to this database."""

    list_display = ["id"]
    search_fields = ["id"]
