"""Reads what happened in a chat, turn by turn, with the places to come back to."""

from collections import Counter
from typing import Any
from uuid import UUID

from boocode.db.json_rows import read_json_rows
from chats.models import Message
from snapshots.models import Checkpoint
from traces.models import ToolTrace
from traces.record.trace_json import encode_tokens

from .branches import follow_parents

TITLE_CHARS = 120
GREEN = "green"
COMPACTION = "compaction"
FIELDS = (
    "id kind turn parent position created_at ended_at build files note changed added removed left_out left_out_count "
    "tree facts turn__status turn__model turn__steps turn__takeovers turn__summary__prompt_tokens "
    "turn__summary__completion_tokens turn__summary__cache_tokens turn__summary__reasoning_tokens "
    "turn__summary__cost_usd turn__summary__unpriced turn__summary__steps"
).split()


def describe_turn(turn_id: UUID) -> dict[str, Any]:
    """Returns what a checkpoint keeps of its turn's content, read once, as the turn ends. How the turn ended, and what
    it used, is in the turn's own rows, where `read_timeline` finds it."""
    messages = list(
        Message.objects.filter(turn_id=turn_id)
        .exclude(role=Message.Role.TOOL)
        .order_by("id")
        .values("id", "role", "kind", "content")
    )
    asked = next((row for row in messages if row["role"] == Message.Role.USER), None)
    steps = [row for row in messages if row["role"] == Message.Role.ASSISTANT]
    return {
        "message_id": str(asked["id"]) if asked else None,
        "title": _first_words(asked["content"] if asked else ""),
        "answer": _first_words(steps[-1]["content"] if steps else ""),
        "tools": dict(Counter(ToolTrace.objects.filter(turn_id=turn_id).order_by("id").values_list("tool", flat=True))),
        "compactions": sum(row["kind"] == COMPACTION for row in messages),
    }


def read_timeline(chat_id: UUID) -> list[dict[str, Any]]:
    """Reads the chat's checkpoints, oldest first, in one query: `head` is where the conversation stands, and
    `taken_back` says of a turn that it belongs to the conversation no more."""
    rows = list(read_json_rows(Checkpoint.objects.filter(chat_id=chat_id).order_by("id"), *FIELDS))
    ended = [row for row in rows if row["ended_at"]]
    head = ended[-1] if ended else None
    way = follow_parents(head["id"] if head else None, {row["id"]: row["parent"] for row in rows})
    green = next((row for row in reversed(ended) if row["id"] in way and row["build"] == GREEN and row["tree"]), None)
    return [
        _encode_checkpoint(row, on_the_way=row["id"] in way or not row["ended_at"], head=row is head)
        | {"last_green": row is green}
        | ({} if row["ended_at"] else _read_request(row["turn"]))
        for row in rows
    ]


def _read_request(turn_id: UUID) -> dict[str, Any]:
    """Reads what a turn that still runs is about."""
    asked = Message.objects.filter(turn=turn_id, role=Message.Role.USER).order_by("id").first()
    return {"message_id": str(asked.pk), "title": _first_words(asked.content)} if asked else {}


def _encode_checkpoint(row: dict[str, Any], *, on_the_way: bool, head: bool) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("id", "kind", "turn", "parent", "position")},
        "at": row["ended_at"] or row["created_at"],
        "running": not row["ended_at"],
        "head": head,
        "taken_back": not on_the_way,
        "build": row["build"] or None,
        "files": {
            "state": row["files"],
            "note": row["note"] or None,
            **{name: row[name] for name in ("changed", "added", "removed", "left_out", "left_out_count")},
        },
        **(_encode_turn(row) if row["turn"] and row["ended_at"] else {}),
        # Checkpoints of older versions hold what the turn used; it stands as it was.
        **row["facts"],
    }


def _encode_turn(row: dict[str, Any]) -> dict[str, Any]:
    """Returns how the turn ended and what it used. `cost_usd` is in dollars, None where the price of no step is known,
    and leaves out the `unpriced_steps`."""
    used = {name.removeprefix("turn__summary__"): row[name] for name in FIELDS if name.startswith("turn__summary__")}
    unpriced = used["unpriced"] or 0
    priced = (used["steps"] or 0) > unpriced
    return {
        "status": row["turn__status"],
        "model": row["turn__model"],
        "steps": row["turn__steps"],
        "interruptions": row["turn__takeovers"],
        "tokens": encode_tokens(lambda name: used[name] or None),
        # SQLite adds up fractions.
        "cost_usd": round(float(used["cost_usd"]), 8) if priced else None,
        "unpriced_steps": unpriced,
    }


def find_last_message(turn_id: UUID) -> UUID | None:
    """Returns the id of the turn's newest message."""
    return Message.objects.filter(turn_id=turn_id).order_by("-id").values_list("pk", flat=True).first()


def _first_words(text: str) -> str:
    line = " ".join(text[:1000].split())
    return line if len(line) <= TITLE_CHARS else f"{line[: TITLE_CHARS - 1]}…"
