"""Maps addresses to views; those of the pages are in each app's `web/urls.py`."""

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from boocode.server.readiness import readyz
from boocode.web.errors import UnknownCall
from boocode.web.schema import DocsView
from chats.models import Chat, Project, Session
from chats.web import api as chats
from chats.web import api_approvals as approvals
from chats.web import api_bin, api_tokens, api_turns
from chats.web import api_history as history
from snapshots.web import api as snapshots
from traces.web import api as traces
from traces.web import api_outline as outlined
from traces.web import api_turns as traced


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer a health check."""
    return JsonResponse({"status": "ok"})


api = [
    path("projects", chats.ProjectList.as_view()),
    path("projects/<uuid:pk>", chats.ProjectDetail.as_view()),
    path("tokens", api_tokens.TokenList.as_view()),
    path("tokens/<uuid:pk>", api_tokens.TokenDetail.as_view()),
    path("bin", api_bin.BinList.as_view()),
    path("bin/<uuid:pk>", api_bin.BinDetail.as_view()),
    path("bin/<uuid:pk>/return", api_bin.BinReturn.as_view()),
    path("sessions", chats.SessionList.as_view()),
    path("sessions/<uuid:pk>", chats.SessionDetail.as_view()),
    path("sessions/<uuid:session_id>/chats", chats.ChatList.as_view()),
    path("sessions/<uuid:session_id>/messages", chats.SessionMessages.as_view()),
    path("messages/<uuid:pk>", chats.MessageDetail.as_view()),
    path("chats/<uuid:chat_id>", chats.ChatDetail.as_view()),
    path("chats/<uuid:chat_id>/messages", chats.ChatMessages.as_view()),
    path("chats/<uuid:chat_id>/cancellation", chats.ChatCancellation.as_view()),
    path("approvals", approvals.ApprovalList.as_view()),
    path("chats/<uuid:chat_id>/approvals", approvals.ChatApprovals.as_view()),
    path("chats/<uuid:chat_id>/traces", traces.ChatTraces.as_view()),
    path("chats/<uuid:chat_id>/snapshot", snapshots.ChatSnapshot.as_view()),
    path("chats/<uuid:chat_id>/timeline", history.ChatTimeline.as_view()),
    path("chats/<uuid:chat_id>/restorations", history.ChatRestorations.as_view()),
    path("chats/<uuid:chat_id>/files/<path:path>/versions", history.FileVersions.as_view()),
    path("chats/<uuid:chat_id>/checkpoints/<uuid:checkpoint_id>/files", history.CheckpointFiles.as_view()),
    path("chats/<uuid:chat_id>/checkpoints/<uuid:checkpoint_id>/files/<path:path>", history.FileAtCheckpoint.as_view()),
    path("projects/<uuid:project_id>/checkpoints", history.ProjectStorage.as_view()),
    path("traces/<uuid:trace_id>/aftermath", history.TraceAftermath.as_view()),
    path("chats/<uuid:chat_id>/traces/export", traced.ChatExport.as_view()),
    path("chats/<uuid:chat_id>/outline", outlined.ChatOutline.as_view()),
    path("chats/<uuid:chat_id>/turns", traced.ChatTurns.as_view()),
    path("turns/<uuid:turn_id>", api_turns.TurnDetail.as_view()),
    path("turns/<uuid:turn_id>/changes", history.TurnChanges.as_view()),
    path("turns/<uuid:turn_id>/usage", traced.TurnUsage.as_view()),
    path("usage", traced.Usage.as_view()),
    path("projects/<uuid:pk>/usage", traced.Usage.as_view(model=Project, path="chat__session__project")),
    path("sessions/<uuid:pk>/usage", traced.Usage.as_view(model=Session, path="chat__session")),
    path("chats/<uuid:pk>/usage", traced.Usage.as_view(model=Chat, path="chat")),
    path("traces/<uuid:trace_id>", traces.TraceDetail.as_view()),
    path("traces/<uuid:trace_id>/decision", chats.TraceDecision.as_view()),
    path("projects/<uuid:project_id>/rules", chats.RuleList.as_view()),
    path("rules/<uuid:pk>", chats.RuleDetail.as_view()),
    path("traces/<uuid:trace_id>/output", traces.TraceOutput.as_view()),
    path("models", chats.ModelList.as_view()),
    path("folders", chats.FolderList.as_view()),
    path("sample", chats.Sample.as_view()),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", DocsView.as_view(url_name="schema")),
    re_path("", UnknownCall.as_view()),
]

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("admin/", admin.site.urls),
    path("api/", include(api)),
    path("", include("chats.web.urls")),
    path("", include("snapshots.web.urls")),
    path("", include("traces.web.urls")),
]

handler400 = "boocode.web.errors.bad_request"
handler404 = "boocode.web.errors.not_found"
handler500 = "boocode.web.errors.server_error"
