"""Commits what one turn writes, in order and under the turn's fence."""

import asyncio
from typing import Any
from uuid import UUID

from chats.models import Turn
from chats.stream.frames import Logged
from chats.stream.writer import Change, Fence, writer


class TurnLog:
    """Writes one turn's rows and frames into the session's log.

    What need not be on record before the agent goes on is committed while it does (`enqueue`); what fails there is
    raised by the next `commit`.
    """

    def __init__(self, turn: Turn, session_id: UUID) -> None:
        self.session_id = session_id
        self.fence = Fence(turn.pk, turn.fence)
        self._uncommitted: list[asyncio.Future[Any]] = []

    def emit(self, frame: Logged) -> None:
        """Appends a frame that changes no row."""
        writer.emit(self.session_id, frame, self.fence)

    def enqueue(self, change: Change[Any]) -> asyncio.Future[Any]:
        """Has `change` committed after all that was enqueued before; the future holds what it returned."""
        future = writer.commit(self.session_id, change, self.fence)
        self._uncommitted.append(future)
        return future

    async def commit(self) -> None:
        """Waits until all that was enqueued is committed. Raises what a commit raised."""
        try:
            # Shielded: a cancelled turn still has to know what was committed.
            await asyncio.shield(asyncio.gather(*self._uncommitted))
        finally:
            self._uncommitted = [future for future in self._uncommitted if not future.done()]
