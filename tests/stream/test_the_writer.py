"""The one committer of a process: in order, without a gap, and one failure takes nothing of the others along."""

import asyncio
import threading
from typing import Any
from uuid import uuid4

import pytest
from channels.db import database_sync_to_async as in_thread
from django.db import connection, transaction
from uuid6 import uuid7

from chats.models import Chat, Session, SessionLog, Turn
from chats.projects import removal, sessions
from chats.stream.frames import ChatRenamed, Logged
from chats.stream.writer import Fence, Fenced, SessionGone, Writer, append
from tests.stream.frames import status, text
from tests.stream.logs import entries, said

Frames = list[Logged]


def renamed(name: str) -> ChatRenamed:
    return ChatRenamed(chat_id=uuid4(), name=name)


async def log_of(session: Session) -> list[dict[str, Any]]:
    return await in_thread(entries)(session.pk)


async def test_it_keeps_the_order_of_what_it_is_given(writer: Writer, session: Session) -> None:
    words = [f"{number} " for number in range(500)]
    for number, word in enumerate(words):
        writer.emit(session.pk, text(word))
        if number % 50 == 0:
            writer.emit(session.pk, renamed(str(number)))
            await asyncio.sleep(0.002)
    await writer.commit(session.pk, lambda _log: (None, []))
    frames = await log_of(session)
    assert said(frames) == "".join(words)
    assert [frame["name"] for frame in frames if frame["type"] == "chat_renamed"] == [str(n) for n in range(0, 500, 50)]
    assert len(frames) < 500, "what waits together is joined"


async def test_it_places_a_change_where_it_was_asked_for(writer: Writer, session: Session) -> None:
    places: list[int] = []

    def change(log: SessionLog) -> tuple[str, Frames]:
        places.append(log.ord)
        return "result", [renamed("middle")]

    writer.emit(session.pk, text("before", 1))
    middle = writer.commit(session.pk, change)
    writer.emit(session.pk, text("after", 1))
    assert await middle == "result"
    await writer.commit(session.pk, lambda _log: (None, []))
    frames = await log_of(session)
    assert [frame.get("content") or frame["name"] for frame in frames] == ["before", "middle", "after"]
    assert places == [1], "the change sees the log with all that came before it"


async def test_it_commits_rows_and_frames_together_or_not_at_all(writer: Writer, session: Session) -> None:
    def broken(_log: SessionLog) -> tuple[None, Frames]:
        Chat.objects.filter(session=session).update(name="never")
        raise ValueError("no")

    def impossible(_log: SessionLog) -> tuple[None, Frames]:
        Chat.objects.create(
            id=Chat.objects.get(session=session).pk, session=session, workspace_id=session.project_id
        )  # a duplicate key
        return None, [renamed("never")]

    def good(_log: SessionLog) -> tuple[None, Frames]:
        Chat.objects.filter(session=session).update(name="good")
        return None, [renamed("good")]

    writer.emit(session.pk, text("one "))
    outcomes = await asyncio.gather(
        writer.commit(session.pk, broken),
        writer.commit(session.pk, good),
        writer.commit(session.pk, impossible),
        return_exceptions=True,
    )
    writer.emit(session.pk, text("two"))
    await writer.commit(session.pk, lambda _log: (None, []))
    assert [type(outcome).__name__ for outcome in outcomes] == ["ValueError", "NoneType", "IntegrityError"]
    frames = await log_of(session)
    assert said(frames) == "one two"
    assert [frame["name"] for frame in frames if frame["type"] == "chat_renamed"] == ["good"]
    chat = await in_thread(Chat.objects.get)(session=session)
    assert chat.name == "good"


async def test_it_refuses_the_writes_of_a_former_owner(writer: Writer, session: Session) -> None:
    chat = await in_thread(Chat.objects.get)(session=session)
    project = await in_thread(lambda: session.project.owner_id)()
    turn = await in_thread(Turn.objects.create)(chat=chat, user_id=project, fence=2)
    old, new = Fence(turn.pk, 1), Fence(turn.pk, 2)
    writer.emit(session.pk, text("zombie", 1), old)
    writer.emit(session.pk, text("owner", 2), new)
    with pytest.raises(Fenced):
        await writer.commit(session.pk, lambda _log: (None, [renamed("zombie")]), old)
    assert await writer.commit(session.pk, lambda _log: ("mine", [renamed("owner")]), new) == "mine"
    assert [frame.get("content") or frame["name"] for frame in await log_of(session)] == ["owner", "owner"]


async def test_it_fences_from_the_moment_of_a_takeover(writer: Writer, session: Session) -> None:
    chat = await in_thread(Chat.objects.get)(session=session)
    owner = await in_thread(lambda: session.project.owner_id)()
    turn = await in_thread(Turn.objects.create)(chat=chat, user_id=owner, fence=1)

    def take_over(_log: SessionLog) -> tuple[None, Frames]:
        Turn.objects.filter(pk=turn.pk).update(fence=2)
        return None, []

    await writer.commit(session.pk, take_over)
    with pytest.raises(Fenced):
        await writer.commit(session.pk, lambda _log: (None, [status()]), Fence(turn.pk, 1))


async def test_it_says_when_the_session_is_gone(writer: Writer, session: Session) -> None:
    other = await in_thread(sessions.create_session)(session.project)
    await in_thread(removal.delete)(other)
    gone = other.pk or uuid7()
    writer.emit(session.pk, text("kept"))
    writer.emit(gone, text("lost"))
    with pytest.raises(SessionGone):
        await writer.commit(gone, lambda _log: (None, [status()]))
    await writer.commit(session.pk, lambda _log: (None, []))
    assert said(await log_of(session)) == "kept"


async def test_it_commits_what_is_pending_before_it_stops(session: Session) -> None:
    own = Writer()
    await own.start()
    for number in range(100):
        own.emit(session.pk, text(str(number)))
    await own.stop()
    assert said(await log_of(session)) == "".join(map(str, range(100)))


async def test_it_lives_on_when_nobody_waits_for_a_result_any_more(writer: Writer, session: Session) -> None:
    waiting = writer.commit(session.pk, lambda _log: (None, [renamed("done")]))
    waiting.cancel()
    await writer.commit(session.pk, lambda _log: (None, []))
    assert len(await log_of(session)) == 1


async def test_it_interleaves_with_requests_and_other_writers(writer: Writer, session: Session) -> None:
    """Sync `append` from several threads, and another writer, as another process would have."""
    other = Writer()
    await other.start()
    start = threading.Barrier(3)

    def request(number: int) -> None:
        start.wait(10)
        for count in range(25):
            with transaction.atomic():
                append(session.pk, [renamed(f"request {number} {count}"), status()])

    def speak(who: Writer, number: int) -> None:
        who.emit(session.pk, text(f"{number} ", 1 if who is writer else 2))

    threads = [threading.Thread(target=closing, args=(request, number)) for number in range(3)]
    for thread in threads:
        thread.start()
    for number in range(200):
        speak(writer, number)
        speak(other, number)
        await asyncio.sleep(0.001)
    await asyncio.gather(*(asyncio.to_thread(thread.join, 30) for thread in threads))
    for who in (writer, other):
        await who.commit(session.pk, lambda _log: (None, []))
    await other.stop()
    await asyncio.get_running_loop().run_in_executor(other._thread, close_connection)

    frames = await log_of(session)
    for number in (1, 2):
        mine = [frame for frame in frames if frame["channel"] == "text" and frame["message_id"].endswith(str(number))]
        assert said(mine) == "".join(f"{count} " for count in range(200))
    for number in range(3):
        names = [frame["name"] for frame in frames if frame.get("name", "").startswith(f"request {number}")]
        assert names == [f"request {number} {count}" for count in range(25)]


def closing(function: Any, *arguments: Any) -> None:
    try:
        function(*arguments)
    finally:
        close_connection()


def close_connection() -> None:
    connection.close()


def test_it_appends_with_the_callers_transaction_or_not_at_all(session: Session) -> None:
    with transaction.atomic():
        append(session.pk, [renamed("never")])
        transaction.set_rollback(True)
    with transaction.atomic():
        append(session.pk, [renamed("one")])
        append(session.pk, [])
        append(session.pk, [renamed("two")])
    append(session.pk, [renamed("three")])
    assert [frame["name"] for frame in entries(session.pk)] == ["one", "two", "three"]


def test_it_appends_to_no_session_that_is_gone(session: Session) -> None:
    with pytest.raises(SessionGone):
        append(uuid7(), [renamed("x")])
