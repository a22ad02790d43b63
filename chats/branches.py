"""Which turns a conversation is made of: those on the way back from where it stands, by the parents of checkpoints.
What was taken back lies on another branch, hidden and not destroyed."""

from collections.abc import Iterator
from uuid import UUID

from django.utils import timezone

from snapshots.models import Checkpoint

from .models import Message, Turn

AT_ONCE = 500


def turns_at(checkpoint: Checkpoint) -> set[UUID]:
    """The turns that the conversation holds at `checkpoint`. A turn without a checkpoint (it was cancelled while it
    queued) belongs to the next place after it."""
    rows = list(
        Checkpoint.objects.filter(chat_id=checkpoint.chat_id).order_by("id").values_list("id", "parent", "turn")
    )
    parents = {pk: parent for pk, parent, _ in rows}
    way = set[UUID]()
    place: UUID | None = checkpoint.pk
    while place is not None and place not in way:
        way.add(place)
        place = parents.get(place)
    visible = {turn for pk, _, turn in rows if turn and pk in way}
    with_place = {turn for _, _, turn in rows if turn}
    others = Turn.objects.filter(chat_id=checkpoint.chat_id).order_by("id").values_list("pk", flat=True)
    ids = [pk for pk, _, _ in rows]
    at = 0
    for turn in others:
        while at < len(ids) and ids[at] < turn:
            at += 1
        if turn not in with_place and at < len(ids) and ids[at] in way:
            visible.add(turn)
    return visible


def hidden_by(checkpoint: Checkpoint) -> tuple[list[UUID], list[UUID]]:
    """The messages that going to `checkpoint` hides, and those that it shows again."""
    visible = turns_at(checkpoint)
    messages = Message.objects.filter(chat_id=checkpoint.chat_id, turn__isnull=False).order_by("id")
    hides, shows = list[UUID](), list[UUID]()
    for pk, turn, hidden_at in messages.values_list("pk", "turn_id", "hidden_at").iterator():
        if turn in visible and hidden_at is not None:
            shows.append(pk)
        elif turn not in visible and hidden_at is None:
            hides.append(pk)
    return hides, shows


def go_to(checkpoint: Checkpoint) -> tuple[list[UUID], list[UUID]]:
    """Hide and show what `hidden_by` says, which it returns."""
    hides, shows = hidden_by(checkpoint)
    for some in _slices(hides):
        Message.objects.filter(pk__in=some).update(hidden_at=timezone.now())
    for some in _slices(shows):
        Message.objects.filter(pk__in=some).update(hidden_at=None)
    return hides, shows


def _slices(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
