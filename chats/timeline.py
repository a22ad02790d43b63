"""What happened in a chat, turn by turn, with the places to come back to."""

from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

from boocode.plain import plain_rows
from snapshots.models import Checkpoint
from traces.models import ToolTrace

from .models import Message, Turn

TITLE_CHARS = 120
GREEN = "green"
COMPACTION = "compaction"
FIELDS = (
    "id kind turn parent position created_at ended_at build files note changed added removed left_out left_out_count "
    "tree facts"
).split()


def facts_of(turn_id: UUID) -> dict[str, Any]:
    """What the timeline tells of a turn, read once, as it ends: its cost does not grow with the chat.

    `cost_usd` is null where the price of no step is known, and `unpriced_steps` are not in it.
    """
    turn = Turn.objects.get(pk=turn_id)
    messages = list(
        Message.objects.filter(turn_id=turn_id)
        .exclude(role=Message.Role.TOOL)
        .order_by("id")
        .values("id", "role", "kind", "status", "content", "metadata", "cache_tokens", "reasoning_tokens")
    )
    asked = next((row for row in messages if row["role"] == Message.Role.USER), None)
    steps = [row for row in messages if row["role"] == Message.Role.ASSISTANT]
    prices = [row["metadata"].get("cost_usd") for row in steps]
    known = [Decimal(str(price)) for price in prices if price is not None]
    return {
        "message_id": str(asked["id"]) if asked else None,
        "title": _first_words(asked["content"] if asked else ""),
        "answer": _first_words(steps[-1]["content"] if steps else ""),
        "status": turn.status,
        "model": turn.model,
        "steps": turn.steps,
        "tools": dict(Counter(ToolTrace.objects.filter(turn_id=turn_id).order_by("id").values_list("tool", flat=True))),
        "tokens": {
            "prompt": _sum(row["metadata"].get("prompt_tokens") for row in steps),
            "completion": _sum(row["metadata"].get("completion_tokens") for row in steps),
            "cache": _sum(row["cache_tokens"] for row in steps),
            "reasoning": _sum(row["reasoning_tokens"] for row in steps),
        },
        "cost_usd": float(sum(known)) if known else None,
        "unpriced_steps": len(prices) - len(known),
        "interruptions": turn.takeovers,
        "compactions": sum(row["kind"] == COMPACTION for row in messages),
    }


def read(chat_id: UUID) -> list[dict[str, Any]]:
    """The chat's checkpoints, oldest first, in one query: `head` is where the conversation stands, and `taken_back`
    says of a turn that it belongs to it no more."""
    rows = list(plain_rows(Checkpoint.objects.filter(chat_id=chat_id).order_by("id"), *FIELDS))
    ended = [row for row in rows if row["ended_at"]]
    parents = {row["id"]: row["parent"] for row in rows}
    way, place = set[str](), ended[-1]["id"] if ended else None
    while place is not None and place not in way:
        way.add(place)
        place = parents.get(place)
    green = next((row for row in reversed(ended) if row["id"] in way and row["build"] == GREEN and row["tree"]), None)
    return [
        _place(row, on_the_way=row["id"] in way or not row["ended_at"], head=bool(ended) and row is ended[-1])
        | {"last_green": row is green}
        | ({} if row["ended_at"] else _asked(row["turn"]))
        for row in rows
    ]


def _asked(turn_id: UUID) -> dict[str, Any]:
    """What a turn that still runs is about."""
    asked = Message.objects.filter(turn=turn_id, role=Message.Role.USER).order_by("id").first()
    return {"message_id": str(asked.pk), "title": _first_words(asked.content)} if asked else {}


def _place(row: dict[str, Any], *, on_the_way: bool, head: bool) -> dict[str, Any]:
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
        **row["facts"],
    }


def last_message(turn_id: UUID) -> UUID | None:
    return Message.objects.filter(turn_id=turn_id).order_by("-id").values_list("pk", flat=True).first()


def _first_words(text: str) -> str:
    line = " ".join(text[:1000].split())
    return line if len(line) <= TITLE_CHARS else f"{line[: TITLE_CHARS - 1]}…"


def _sum(values: Any) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
