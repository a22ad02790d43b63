"""Removes old entries from the logs: a client that was away for longer gets a snapshot.

What stays: the last 2,000 entries, and all of a turn until 15 minutes after its end.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Min, Q
from django.utils import timezone

from boocode.db.threads import in_database
from chats.models import LogSlice, Message, SessionLog, Turn

from . import log
from .sequencing import compute_floors

logger = logging.getLogger(__name__)

KEEP_ENTRIES = 2000
KEEP_AFTER = timedelta(minutes=15)
SLACK_ENTRIES = 500
"""How many entries too many a log may hold, so that it is not pruned for each one."""
ROUND_S = 60.0
SLICES_AT_ONCE = 100
"""How many slices go in one transaction: turns wait for its lock."""


def find_overfull_sessions() -> list[UUID]:
    """Return the sessions whose log holds more than it must."""
    most = F("floor") + KEEP_ENTRIES + SLACK_ENTRIES
    return list(SessionLog.objects.filter(ord__gt=most).values_list("pk", flat=True))


def prune_session(session_id: UUID) -> int:
    """Remove a session's old entries. Returns the number of entries removed."""
    first_kept = _find_first_kept(session_id)
    removed = 0
    while slices := list(
        LogSlice.objects.filter(session_id=session_id, last_ord__lt=first_kept).order_by("first_ord")[:SLICES_AT_ONCE]
    ):
        removed += _remove_slices(session_id, slices)
    return removed


def _find_first_kept(session_id: UUID) -> int:
    """Return the ord from which on all entries stay."""
    ord = SessionLog.objects.filter(pk=session_id).values_list("ord", flat=True).first() or 0
    kept = LogSlice.objects.filter(session_id=session_id).filter(
        Q(last_ord__gt=ord - KEEP_ENTRIES) | Q(created_at__gte=_find_kept_since(session_id))
    )
    streaming = Message.objects.filter(session_id=session_id, status=Message.Status.STREAMING)
    firsts = kept.aggregate(first=Min("first_ord"))["first"], streaming.aggregate(first=Min("start_ord"))["first"]
    return min((first for first in firsts if first is not None), default=0)


def _find_kept_since(session_id: UUID) -> datetime:
    """Return the time from which on all entries stay: turns that run, or ended just now, need theirs."""
    lately = timezone.now() - KEEP_AFTER
    turns = Turn.objects.filter(chat__session_id=session_id)
    began = turns.filter(Q(finished_at=None) | Q(finished_at__gt=lately)).aggregate(first=Min("created_at"))["first"]
    return lately if began is None else min(lately, began)


def _remove_slices(session_id: UUID, slices: Sequence[LogSlice]) -> int:
    gone = compute_floors((line for row in slices for line in row.frames.split("\n")), {})
    with transaction.atomic():
        row = log.lock([session_id]).get(session_id)
        if row is None:
            return 0
        row.floor = max(row.floor, slices[-1].last_ord)
        row.floors |= {channel: max(seq, row.floors.get(channel, 0)) for channel, seq in gone.items()}
        row.save(update_fields=["floor", "floors"])
        LogSlice.objects.filter(pk__in=[piece.pk for piece in slices]).delete()
    return slices[-1].last_ord - slices[0].first_ord + 1


class Pruner:
    """Prunes all logs every ROUND_S seconds."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the task that prunes."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop the task that prunes."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(ROUND_S)
            try:
                for session_id in await in_database(find_overfull_sessions):
                    await in_database(prune_session, session_id)
            except Exception as error:
                logger.warning("The logs can't be pruned: %s", error)


pruner = Pruner()
