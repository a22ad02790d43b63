"""Admin of what agents did: read-only, and lists that load no bodies and count no further than they must."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from boocode.admin import KeptAdmin

from .models import DailyUsage, ModelStep, ToolTrace, TurnSummary
from .recorder import FAILURES

COUNTED_ROWS = 50_000
DURATIONS = {"100": "0.1 s and more", "1000": "1 s and more", "10000": "10 s and more", "60000": "1 min and more"}


class BoundedPaginator(Paginator):
    """Pages over the first rows only: to count a million takes longer than to show any of them."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows[:COUNTED_ROWS].count()


class ToolFilter(admin.SimpleListFilter):
    title = "tool"
    parameter_name = "tool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # Of the daily sums: to look for all names among the calls would read every one of them.
        rows = DailyUsage.objects.filter(kind=DailyUsage.Kind.TOOL).order_by("name")
        return [(name, name) for name in rows.values_list("name", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ToolTrace]) -> QuerySet[ToolTrace]:
        return queryset.filter(tool=self.value()) if self.value() else queryset


class DurationFilter(admin.SimpleListFilter):
    title = "duration"
    parameter_name = "min_ms"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(DURATIONS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(duration_ms__gte=int(self.value() or 0)) if self.value() in DURATIONS else queryset


class OwnedAdmin(KeptAdmin):
    """Rows of a chat, to be found by its project and its user."""

    paginator = BoundedPaginator
    list_select_related = ["chat__session__project__owner"]

    @admin.display(ordering="chat__session__project__name")
    def project(self, row: Any) -> str:
        return row.chat.session.project.name

    @admin.display(ordering="chat__session__project__owner__username")
    def user(self, row: Any) -> str:
        return row.chat.session.project.owner.get_username()

    @admin.display(ordering="duration_ms")
    def duration(self, row: Any) -> str:
        return "…" if row.duration_ms is None else f"{row.duration_ms:,.0f} ms"


PLACES = ["chat__session__project", "chat__session__project__owner"]


@admin.register(ToolTrace)
class ToolTraceAdmin(OwnedAdmin):
    list_display = ["started_at", "tool", "status", "duration", "exit_code", "project", "user", "model", "cost_usd"]
    list_display_links = ["started_at", "tool"]
    list_filter = ["status", ToolFilter, "started_at", DurationFilter, *PLACES]
    search_fields = ["=id", "=tool_call_id", "tool", "error"]
    search_help_text = "An id, a tool, or words of an error"
    bodies = ("input", "output", "error")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer: Any = super().changelist_view(request, extra_context)
        if listed := getattr(answer, "context_data", {}).get("cl"):
            answer.context_data["totals"] = totals(listed.queryset)
        return answer


def totals(traces: QuerySet[ToolTrace]) -> dict[str, Any]:
    """Of the newest of these calls, and of the model steps that made them."""
    newest = traces.order_by("-id").values("pk", "message_id", "status", "duration_ms", "wait_ms")[:COUNTED_ROWS]
    calls = ToolTrace.objects.filter(pk__in=newest.values("pk")).aggregate(
        calls=Count("pk"),
        failures=Count("pk", filter=Q(status__in=FAILURES)),
        seconds=Coalesce(Sum("duration_ms"), 0.0) / 1000,
        waited=Coalesce(Sum("wait_ms"), 0.0) / 1000,
    )
    steps = ModelStep.objects.filter(pk__in=newest.values("message_id")).aggregate(
        prompt=Sum("prompt_tokens"), completion=Sum("completion_tokens"), cost=Sum("cost_usd")
    )
    return calls | steps | {"bounded": calls["calls"] == COUNTED_ROWS}


@admin.register(ModelStep)
class ModelStepAdmin(OwnedAdmin):
    list_display = ["started_at", "model", "status", "duration", "prompt_tokens", "completion_tokens", "cost_usd"]
    list_display += ["calls", "project", "user"]
    list_filter = ["status", "started_at", DurationFilter, *PLACES]
    search_fields = ["=message__id", "=turn__id", "model", "error"]
    bodies = ("error",)


@admin.register(TurnSummary)
class TurnSummaryAdmin(OwnedAdmin):
    list_display = ["queued_at", "title", "status", "duration", "steps", "calls", "failures", "cost_usd", "unpriced"]
    list_display += ["project", "user"]
    list_display_links = ["queued_at", "title"]
    list_filter = ["status", "queued_at", DurationFilter, *PLACES]
    search_fields = ["=turn__id", "title", "last_error"]


@admin.register(DailyUsage)
class DailyUsageAdmin(OwnedAdmin):
    list_display = ["day", "kind", "name", "count", "errors", "duration", "cost_usd", "project", "user"]
    list_filter = ["kind", "day", *PLACES]
    search_fields = ["name"]
