from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from boocode.errors import NoSuchCall
from boocode.schema import DocsView
from chats import api as chats
from chats import api_history as history
from snapshots import api as snapshots
from traces import api as traces
from traces import api_outline as outlined
from traces import api_turns as traced


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


api = [
    path("projects", chats.ProjectList.as_view()),
    path("projects/<uuid:pk>", chats.ProjectDetail.as_view()),
    path("sessions", chats.SessionList.as_view()),
    path("sessions/<uuid:pk>", chats.SessionDetail.as_view()),
    path("sessions/<uuid:session_id>/chats", chats.ChatList.as_view()),
    path("sessions/<uuid:session_id>/messages", chats.SessionMessages.as_view()),
    path("chats/<uuid:chat_id>", chats.ChatDetail.as_view()),
    path("chats/<uuid:chat_id>/messages", chats.ChatMessages.as_view()),
    path("chats/<uuid:chat_id>/cancellation", chats.ChatCancellation.as_view()),
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
    path("turns/<uuid:turn_id>", traced.TurnDetail.as_view()),
    path("turns/<uuid:turn_id>/usage", traced.TurnUsage.as_view()),
    path("usage", traced.Usage.as_view()),
    path("projects/<uuid:pk>/usage", traced.Usage.as_view(model="chats.Project", path="chat__session__project")),
    path("sessions/<uuid:pk>/usage", traced.Usage.as_view(model="chats.Session", path="chat__session")),
    path("chats/<uuid:pk>/usage", traced.Usage.as_view(model="chats.Chat", path="chat")),
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
    re_path("", NoSuchCall.as_view()),
]

urlpatterns = [
    path("healthz", healthz),
    path("admin/", admin.site.urls),
    path("api/", include(api)),
    path("", include("chats.urls")),
    path("", include("snapshots.urls")),
    path("", include("traces.urls")),
]

handler400 = "boocode.errors.bad_request"
handler404 = "boocode.errors.not_found"
handler500 = "boocode.errors.server_error"
