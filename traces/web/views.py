"""The pages: the traces of a chat and of a session, and the dashboard."""

from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from boocode.web.access import visible_to
from chats.models import Chat, Project, Session, SessionLog
from traces.models import DailyUsage, ToolTrace, TurnSummary
from traces.read import usage
from traces.read.paging import Cursor
from traces.read.turn_bar import make_overviews
from traces.record.trace_json import encode_turn

M = TypeVar("M", bound=Model)

SHOWN_TURNS = 20
SPANS = {"7": "7 days", "30": "30 days", "90": "90 days", "all": "All time"}


def _find(request: HttpRequest, model: type[M], pk: UUID) -> M:
    return get_object_or_404(visible_to(request.user, model._default_manager.all()), pk=pk)


@require_GET
@login_required
def chat_traces(request: HttpRequest, chat_id: UUID) -> HttpResponse:
    chat = _find(request, Chat, chat_id)
    return _traces(request, chat.session, [chat], kind="chat")


@require_GET
@login_required
def session_traces(request: HttpRequest, session_id: UUID) -> HttpResponse:
    session = _find(request, Session, session_id)
    return _traces(request, session, list(session.chats.all()), kind="session")


def _traces(request: HttpRequest, session: Any, chats: list[Any], kind: str) -> HttpResponse:
    # The log's place is read first: what happens from here on comes as frames, and applied twice it does no harm.
    log = SessionLog.objects.filter(session=session).first()
    pages = {chat: _first_turns(chat) for chat in chats}
    turns = sorted((turn for page in pages.values() for turn in page), key=lambda turn: turn.turn_id, reverse=True)
    used = usage.sum_days(DailyUsage.objects.filter(chat__in=chats))
    title = session.name or "New session"
    context = {
        "session": session,
        "title": title,
        "chat": chats[0] if kind == "chat" else None,
        "several": session.chats.count() > 1,
        "turns": make_overviews(turns[:SHOWN_TURNS]),
        "used": used,
        "turn_count": sum(used["turns"].values()),
        "bootstrap": {
            "kind": kind,
            "session": {"id": str(session.pk), "name": title},
            "chats": [{"id": str(chat.pk), "name": chat.name, **_page(chat, pages[chat])} for chat in chats],
            "place": {"epoch": str(log.epoch), "ord": log.ord, "heads": log.heads} if log else None,
            "open": _opened(request, chats),
            "home": reverse("home"),
            "login": reverse("login"),
        },
    }
    return render(request, "traces/traces.html", context)


def _first_turns(chat: Any) -> list[TurnSummary]:
    return list(TurnSummary.objects.filter(chat=chat).order_by("-turn_id")[: SHOWN_TURNS + 1])


def _page(chat: Any, turns: list[TurnSummary]) -> dict[str, Any]:
    """The chat's newest turns as `/api/chats/<id>/turns` would give them."""
    shown = turns[:SHOWN_TURNS]
    cursor = Cursor("newest", (shown[-1].turn_id,)).encode() if len(turns) > SHOWN_TURNS else None
    onward = cursor and f"/api/chats/{chat.pk}/turns?limit=50&cursor={cursor}"
    return {"turns": [encode_turn(turn) for turn in shown], "next": onward}


def _opened(request: HttpRequest, chats: list[Any]) -> dict[str, Any]:
    """What the address asks to open: a call with its turn, or a turn. Its summary comes along, however old it is."""
    turn_id, call = _uuid(request.GET.get("turn")), None
    if call_id := _uuid(request.GET.get("call")):
        call = ToolTrace.objects.filter(pk=call_id, chat__in=chats).only("turn_id", "message_id").first()
        turn_id = call.turn_id if call else turn_id
    turn = TurnSummary.objects.filter(pk=turn_id, chat__in=chats).first() if turn_id else None
    return {
        "turn": encode_turn(turn) if turn else None,
        "call": str(call.pk) if call else None,
        "message": str(call.message_id) if call else None,
    }


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


# --- The dashboard ---------------------------------------------------------------------------------------------------


@require_GET
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    projects = list(visible_to(request.user, Project.objects.all()))
    project = next((one for one in projects if str(one.pk) == request.GET.get("project")), None)
    rows = visible_to(request.user, DailyUsage.objects.all())
    if project:
        rows = rows.filter(chat__session__project=project)
    span, since, until = _span(request)
    used = usage.sum_days(rows, since, until)
    context = {
        "projects": projects,
        "project": project,
        "spans": SPANS,
        "span": span,
        "since": since,
        "until": until,
        "used": used,
        "turn_count": sum(used["turns"].values()),
        "days": used["by_day"][::-1],
        "chart": {"since": (since or _first_day(used)).isoformat(), "until": until.isoformat(), "days": used["by_day"]},
        "ever": bool(used["calls"] or used["steps"]) or rows.exists(),
        "slowest_ms": max((tool["p95_ms"] or 0 for tool in used["by_tool"]), default=0),
    }
    return render(request, "traces/dashboard.html", context)


def _span(request: HttpRequest) -> tuple[str, date | None, date]:
    """The chosen days, both included: dates of the address, or a span that ends today. What is no date is left out."""
    today = timezone.now().date()
    since, until = _day(request.GET.get("since")), _day(request.GET.get("until"))
    if since or until:
        return "", since, until or today
    span = request.GET.get("days", "30")
    span = span if span in SPANS else "30"
    return span, None if span == "all" else today - timedelta(days=int(span) - 1), today


def _first_day(used: dict[str, Any]) -> date:
    return date.fromisoformat(used["by_day"][0]["day"]) if used["by_day"] else timezone.now().date()


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
