"""Provides the base classes of all apps' admin pages."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

admin.site.site_title = admin.site.site_header = "BooCode"


class RecordAdmin(admin.ModelAdmin):
    """Shows rows that the program writes; they may be deleted, never edited."""

    show_full_result_count = False  # a second COUNT over a table that may hold millions
    list_per_page = 50
    bodies: tuple[str, ...] = ()
    """Fields that are too large to be loaded for a list."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and (match.url_name or "").endswith("_changelist")
        return rows.defer(*self.bodies) if self.bodies and is_list else rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PermanentRecordAdmin(RecordAdmin):
    """Shows rows that are evidence, or that other rows depend on; they may not be deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
