"""The last 2,000 entries stay, and all of a turn until 15 minutes after its end; a client that was away for longer gets
a snapshot."""

from datetime import timedelta

from django.utils import timezone

from chats.models import Chat, LogSlice, Message, Session, SessionLog, Turn
from chats.stream import log, retention, writer
from tests.stream.frames import status, text

HOUR = timedelta(hours=1)


def tell(session: Session, entries: int, at_once: int = 50) -> None:
    for number in range(entries // at_once):
        writer.append(session.pk, [text("x", number % 7), status()] * (at_once // 2))


def age(session: Session, by: timedelta = HOUR) -> None:
    """As if all that was told so far had been told earlier."""
    LogSlice.objects.filter(session=session).update(created_at=timezone.now() - by)


def a_turn(session: Session, **times: timedelta) -> Turn:
    ago = {name: timezone.now() - by for name, by in times.items()}
    turn = Turn.objects.create(chat=Chat.objects.get(session=session), user_id=session.project.owner_id)
    Turn.objects.filter(pk=turn.pk).update(**ago)
    return turn


def kept(session: Session) -> int:
    row = SessionLog.objects.get(pk=session.pk)
    slices = LogSlice.objects.filter(session=session).order_by("first_ord")
    first, last = slices.first(), slices.last()
    assert first is not None
    assert last is not None
    assert (first.first_ord, last.last_ord) == (row.floor + 1, row.ord)
    return row.ord - row.floor


def test_it_keeps_the_last_2000_entries(session: Session) -> None:
    tell(session, 3000)
    age(session)
    assert retention.find_overfull_sessions() == [session.pk]
    assert retention.prune_session(session.pk) == 1000
    assert kept(session) == 2000
    assert retention.find_overfull_sessions() == []
    assert retention.prune_session(session.pk) == 0


def test_it_leaves_a_short_log_alone(session: Session) -> None:
    tell(session, 500)
    age(session)
    assert retention.find_overfull_sessions() == []
    assert retention.prune_session(session.pk) == 0


def test_it_keeps_all_of_the_last_15_minutes(session: Session) -> None:
    tell(session, 500)
    age(session, timedelta(minutes=16))
    tell(session, 2600)
    assert retention.prune_session(session.pk) == 500


def test_it_keeps_all_of_a_turn_that_runs(session: Session) -> None:
    tell(session, 500)
    age(session, 3 * HOUR)
    told_before = LogSlice.objects.filter(session=session).count()
    tell(session, 2600)
    young = LogSlice.objects.filter(session=session).order_by("-pk")[:52].values("pk")
    LogSlice.objects.filter(pk__in=[row["pk"] for row in young]).update(created_at=timezone.now() - HOUR)
    a_turn(session, created_at=2 * HOUR)
    assert told_before == 10
    assert retention.prune_session(session.pk) == 500


def test_it_keeps_all_of_a_turn_that_has_just_ended(session: Session) -> None:
    tell(session, 3000)
    age(session)
    turn = a_turn(session, created_at=2 * HOUR, finished_at=timedelta(minutes=14))
    assert retention.prune_session(session.pk) == 0
    Turn.objects.filter(pk=turn.pk).update(finished_at=timezone.now() - timedelta(minutes=16))
    assert retention.prune_session(session.pk) == 1000


def test_it_keeps_the_text_of_an_answer_in_progress(session: Session) -> None:
    tell(session, 1000)
    chat = Chat.objects.get(session=session)
    Message.objects.create(session=session, chat=chat, role="assistant", status="streaming", start_ord=501)
    tell(session, 2500)
    age(session)
    assert retention.prune_session(session.pk) == 500


def test_it_sends_a_snapshot_to_who_was_away_for_too_long(session: Session) -> None:
    tell(session, 3000)
    age(session)
    retention.prune_session(session.pk)
    row = SessionLog.objects.get(pk=session.pk)
    assert row.floors == {"text": 500, "event": 500}
    epoch = str(row.epoch)
    at_floor, below = row.floors, {"text": 499, "event": 500}
    assert len(log.read_resumption(session.pk, at_floor, epoch).frames) == 2001
    assert '"recovered":false' in log.read_resumption(session.pk, below, epoch).frames[0][1]


def test_it_tells_a_socket_that_stalled_so_long_that_its_next_entry_is_gone(session: Session) -> None:
    tell(session, 3000)
    age(session)
    retention.prune_session(session.pk)
    row = SessionLog.objects.get(pk=session.pk)
    assert log.read_after(session.pk, str(row.epoch), 999) is None
    following = log.read_after(session.pk, str(row.epoch), 1000)
    assert following is not None
    assert '"ord":1001}' in following[0]
    assert log.read_after(session.pk, str(row.epoch), row.ord) == []
    assert log.read_after(session.pk, str(row.epoch), row.ord + 1) is None
    assert log.read_after(session.pk, "another", 1000) is None
