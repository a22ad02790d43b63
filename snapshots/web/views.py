"""Shows the timeline of a chat as a page of its own."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from boocode.web.access import visible_to
from chats.models import Chat, SessionLog


@require_GET
@login_required
def chat_timeline(request: HttpRequest, chat_id: UUID) -> HttpResponse:
    chats = Chat.objects.select_related("session")
    chat = get_object_or_404(visible_to(request.user, chats), pk=chat_id)
    session = f"{reverse('session', args=[chat.session_id])}?chat={chat.pk}"
    log = SessionLog.objects.get(pk=chat.session_id)
    bootstrap: dict[str, Any] = {"chat": str(chat.pk), "session": session, "session_id": str(chat.session_id)}
    bootstrap["position"] = {"epoch": str(log.epoch), "ord": log.ord, "heads": log.heads}
    context = {"title": chat.name or "New chat", "bootstrap": bootstrap}
    return render(request, "snapshots/timeline.html", context)
