"""What a session's log holds, for tests in the test's own database."""

import json
from collections import defaultdict
from typing import Any
from uuid import UUID

from chats.models import LogSlice, SessionLog


def entries(session_id: UUID) -> list[dict[str, Any]]:
    """All of the log, in order; AssertionError where its places have a gap or disagree with the heads."""
    frames: list[dict[str, Any]] = []
    for row in LogSlice.objects.filter(session_id=session_id).order_by("first_ord"):
        lines = row.frames.split("\n")
        assert (row.first_ord, row.last_ord) == (len(frames) + 1, len(frames) + len(lines))
        frames += map(json.loads, lines)
    assert [frame["ord"] for frame in frames] == list(range(1, len(frames) + 1))
    heads: dict[str, int] = defaultdict(int)
    for frame in frames:
        assert frame["seq"] == heads[frame["channel"]]
        heads[frame["channel"]] += 1
    log = SessionLog.objects.get(pk=session_id)
    assert (log.ord, {channel: head for channel, head in log.heads.items() if head}) == (len(frames), heads)
    return frames


def said(frames: list[dict[str, Any]]) -> str:
    return "".join(frame["content"] for frame in frames if frame["channel"] == "text")
