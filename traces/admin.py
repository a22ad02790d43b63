"""Shows in the admin what agents did. It is read-only, and its lists load no bodies and look no further than at the
newest rows, or at the rows of a month. An id is found however old it is."""

from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse

from boocode.web.admin import PermanentRecordAdmin
from traces.read.newest_rows import NEWEST_ROWS, select_newest

from .models import DailyUsage, ModelStep, ToolTrace, TurnSummary

DURATIONS = {"100": "0.1 s and more", "1000": "1 s and more", "10000": "10 s and more", "60000": "1 min and more"}


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


class MonthFilter(admin.SimpleListFilter):
    title = "month"
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        months = DailyUsage.objects.dates("day", "month", order="DESC")
        return [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in months]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset  # the newest of a month are chosen before any filter: see `RecentAdmin`


class OwnedAdmin(PermanentRecordAdmin):
    """Lists rows of a chat, to be found by its project and its user."""

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


class RecentAdmin(OwnedAdmin):
    """Lists the newest rows, or the rows of one month, because there are too many for a list of all."""

    id_fields: tuple[str, ...] = ()
    """What an id that is searched for may be. All have an index."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        is_whole = not _is_list(request) or _id(request.GET.get("q", ""))
        return rows if is_whole else select_newest(rows, _month(request.GET.get("month", "")))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if found := _id(search_term):
            wanted = Q()
            for field in self.id_fields:
                wanted |= Q(**{field: found})
            return queryset.filter(wanted), False
        return super().get_search_results(request, queryset, search_term)


def _is_list(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and (match.url_name or "").endswith("_changelist")


def _month(text: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(f"{text}-01")
    return None


def _id(text: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(text.strip())
    return None


PLACES = ["chat__session__project", "chat__session__project__owner"]


@admin.register(ToolTrace)
class ToolTraceAdmin(RecentAdmin):
    list_display = ["started_at", "tool", "status", "duration", "exit_code", "project", "user", "model"]
    list_display_links = ["started_at", "tool"]
    list_filter = ["status", ToolFilter, MonthFilter, "started_at", DurationFilter, *PLACES]
    search_fields = ["=tool_call_id", "tool", "error"]
    search_help_text = "The id of a call, a turn or a message, a tool, or words of an error"
    id_fields = ("pk", "turn_id", "message_id")
    bodies = ("input", "output", "error")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer: Any = super().changelist_view(request, extra_context)
        if listed := getattr(answer, "context_data", {}).get("cl"):
            answer.context_data["totals"] = sum_calls(listed.queryset) | {"newest": NEWEST_ROWS}
        return answer


def sum_calls(traces: QuerySet[ToolTrace]) -> dict[str, Any]:
    """Adds up these calls, and the model steps that made them."""
    traces = traces.order_by()
    calls = traces.aggregate(
        calls=Count("pk"),
        failures=Count("pk", filter=Q(status__in=ToolTrace.FAILURES)),
        seconds=Coalesce(Sum("duration_ms"), 0.0) / 1000,
        waited=Coalesce(Sum("wait_ms"), 0.0) / 1000,
    )
    steps = ModelStep.objects.filter(message_id__in=traces.values("message_id")).aggregate(
        steps=Count("pk"), prompt=Sum("prompt_tokens"), completion=Sum("completion_tokens"), cost=Sum("cost_usd")
    )
    return calls | steps


@admin.register(ModelStep)
class ModelStepAdmin(RecentAdmin):
    list_display = ["started_at", "model", "purpose", "status", "duration", "prompt_tokens", "completion_tokens"]
    list_display += ["cost_usd", "calls", "project", "user"]
    list_filter = ["status", "purpose", MonthFilter, "started_at", DurationFilter, *PLACES]
    search_fields = ["model", "error"]
    search_help_text = "The id of a request, a message or a turn, a model, or words of an error"
    id_fields = ("pk", "message_id", "turn_id")
    bodies = ("error",)


@admin.register(TurnSummary)
class TurnSummaryAdmin(RecentAdmin):
    list_display = ["queued_at", "title", "status", "duration", "steps", "calls", "failures", "cost_usd", "unpriced"]
    list_display += ["project", "user"]
    list_display_links = ["queued_at", "title"]
    list_filter = ["status", MonthFilter, "queued_at", DurationFilter, *PLACES]
    search_fields = ["title", "last_error"]
    search_help_text = "The id of a turn, words of its title or of its last error"
    id_fields = ("pk",)


@admin.register(DailyUsage)
class DailyUsageAdmin(OwnedAdmin):
    list_display = ["day", "kind", "name", "count", "errors", "duration", "cost_usd", "project", "user"]
    list_filter = ["kind", "day", *PLACES]
    search_fields = ["name"]
