"""Finds the turns of a conversation: those on the way back from where it stands, along the parents of its checkpoints.
What was taken back lies on another branch, hidden and not destroyed."""

from collections.abc import Hashable, Iterator, Mapping
from typing import TypeVar
from uuid import UUID

from django.utils import timezone

from chats.models import Message, Turn
from snapshots.models import Checkpoint

AT_ONCE = 500

K = TypeVar("K", bound=Hashable)


def follow_parents(start: K | None, parents: Mapping[K, K | None]) -> set[K]:
    """Returns the checkpoints on the way from `start` to the chat's first, both included."""
    way = set[K]()
    while start is not None and start not in way:
        way.add(start)
        start = parents.get(start)
    return way


def find_turns(checkpoint: Checkpoint) -> set[UUID]:
    """Returns the turns that the conversation holds at `checkpoint`. A turn without a checkpoint (it was cancelled
    while it queued) belongs to the next checkpoint after it."""
    rows = list(
        Checkpoint.objects.filter(chat_id=checkpoint.chat_id).order_by("id").values_list("id", "parent", "turn")
    )
    way = follow_parents(checkpoint.pk, {pk: parent for pk, parent, _ in rows})
    visible = {turn for pk, _, turn in rows if turn and pk in way}
    with_checkpoint = {turn for _, _, turn in rows if turn}
    others = Turn.objects.filter(chat_id=checkpoint.chat_id).order_by("id").values_list("pk", flat=True)
    ids = [pk for pk, _, _ in rows]
    at = 0
    for turn in others:
        while at < len(ids) and ids[at] < turn:
            at += 1
        if turn not in with_checkpoint and at < len(ids) and ids[at] in way:
            visible.add(turn)
    return visible


def find_switched_messages(checkpoint: Checkpoint) -> tuple[list[UUID], list[UUID]]:
    """Returns the messages that going to `checkpoint` hides, and the messages that it shows again."""
    visible = find_turns(checkpoint)
    messages = Message.objects.filter(chat_id=checkpoint.chat_id, turn__isnull=False).order_by("id")
    hides, shows = list[UUID](), list[UUID]()
    for pk, turn, hidden_at in messages.values_list("pk", "turn_id", "hidden_at").iterator():
        if turn in visible and hidden_at is not None:
            shows.append(pk)
        elif turn not in visible and hidden_at is None:
            hides.append(pk)
    return hides, shows


def switch_to(checkpoint: Checkpoint) -> tuple[list[UUID], list[UUID]]:
    """Hides and shows the messages that `find_switched_messages` names, and returns them."""
    hides, shows = find_switched_messages(checkpoint)
    for some in _slices(hides):
        Message.objects.filter(pk__in=some).update(hidden_at=timezone.now())
    for some in _slices(shows):
        Message.objects.filter(pk__in=some).update(hidden_at=None)
    return hides, shows


def _slices(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
