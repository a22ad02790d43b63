"""Reads what the lists of projects and sessions are asked for."""

from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework import serializers

from chats.models import Chat, Project, Session
from traces.read.paging import Order, Query, Search

NEWEST = Order("newest", ("-id",), (UUID,))
ALL = 100_000
"""The most that an answer without `limit` holds."""
LOOK_THROUGH = 5000
"""How many rows a page looks through for those that are asked for."""


class ListQuery(Query):
    """Takes a page of a list."""

    limit = serializers.IntegerField(required=False, min_value=1, max_value=200, help_text="Without: all.")
    cursor = serializers.CharField(required=False, max_length=500, help_text="From the header `Link`.")


class ProjectQuery(ListQuery):
    """Takes which projects to list."""

    q = serializers.CharField(required=False, max_length=200, help_text="Part of the name or the folder.")
    root = serializers.CharField(  # type: ignore[assignment]  # shadows the serializer's own
        required=False, max_length=4096, help_text="Exactly this folder."
    )

    def search(self, projects: QuerySet[Project]) -> Search:
        """Returns what to read of `projects`."""
        given, wanted = self.validated_data, Q()
        if "q" in given:
            wanted &= Q(name__icontains=given["q"]) | Q(root__icontains=given["q"])
        if "root" in given:
            wanted &= Q(root=given["root"])
        return Search(projects, wanted, LOOK_THROUGH)


class SessionQuery(ListQuery):
    """Takes which sessions to list."""

    project = serializers.UUIDField(required=False, help_text="The id of a project.")
    q = serializers.CharField(required=False, max_length=200, help_text="Part of the name.")
    status = serializers.ChoiceField(required=False, choices=Chat.Status.choices, help_text="Of one of its chats.")

    def search(self, sessions: QuerySet[Session]) -> Search:
        """Returns what to read of `sessions`."""
        given, wanted = self.validated_data, Q()
        if "project" in given:
            sessions = sessions.filter(project=given["project"])
        if "q" in given:
            wanted &= Q(name__icontains=given["q"])
        if "status" in given:
            # A subquery, for a join would list a session once for each such chat.
            wanted &= Q(pk__in=Chat.objects.filter(status=given["status"]).values("session"))
        return Search(sessions, wanted, LOOK_THROUGH)
