"""Looks up what a request names, if it belongs to the person who asks."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request

from boocode.web.access import visible_to
from chats.models import Chat


def find_chat(request: Request, chat_id: UUID) -> Chat:
    """Find a chat with its session and project. Raises Http404."""
    return get_object_or_404(visible_to(request.user, Chat.objects.select_related("session__project")), pk=chat_id)
