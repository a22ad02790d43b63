"""The way from the log to a socket may lose, repeat, reorder and forget: the socket shows every entry once, in order.
CASES 1, 3, 7, 14 and 15."""

import asyncio
import json
import random
from uuid import UUID

import pytest
from channels.db import database_sync_to_async as in_thread

from chats.models import Session, SessionLog
from chats.stream import log, writer
from chats.stream.hub import MAX_HELD_BYTES, Subscription, hub
from chats.stream.sequencing import WINDOW_BYTES
from tests.stream.frames import status, text
from tests.stream.local import LocalSocket, ring, slices, token_of
from tests.stream.logs import entries


@in_thread
def say(session_id: UUID, *words: str) -> None:
    for word in words:
        writer.append(session_id, [text(word), status()])


@pytest.fixture
def token(session: Session) -> str:
    return token_of(session)


async def log_of(session: Session) -> list[dict[str, object]]:
    return await in_thread(entries)(session.pk)


async def test_it_fills_a_lost_middle_from_the_log(session: Session, token: str) -> None:
    async with LocalSocket(session.pk, token) as socket:
        await socket.ask()
        await socket.until("snapshot")
        await say(session.pk, "one", "two", "three")
        first, _lost, third = await in_thread(slices)(session.pk)
        ring(session.pk, first)
        ring(session.pk, third)
        assert await socket.entries(6) == await log_of(session)


@pytest.mark.parametrize("seed", range(5))
async def test_it_shows_each_entry_once_whatever_the_doorbells_do(session: Session, token: str, seed: int) -> None:
    chance = random.Random(seed)
    async with LocalSocket(session.pk, token) as socket:
        await socket.ask()
        await socket.until("snapshot")
        for batch in range(4):
            await say(session.pk, *(f"{batch} {number}" for number in range(chance.randrange(1, 6))))
            doorbells = [
                bell for bell in await in_thread(slices)(session.pk) for _ in range(chance.choice([0, 1, 1, 2]))
            ]
            chance.shuffle(doorbells)
            for bell in doorbells:
                ring(session.pk, bell)
                if chance.random() < 0.5:
                    await asyncio.sleep(0)
        head = (await in_thread(log.read_heads)([session.pk]))[session.pk]
        for subscription in hub._subscriptions[session.pk]:
            subscription.announce_head(*head)
        assert await socket.entries(head[1]) == await log_of(session)
        await socket.silence(0.05)


async def test_it_shows_what_came_between_listening_and_replaying_once(session: Session, token: str) -> None:
    await say(session.pk, "before")
    async with LocalSocket(session.pk, token) as socket:
        await say(session.pk, "between")
        for bell in await in_thread(slices)(session.pk):
            ring(session.pk, bell)
        epoch = str((await in_thread(SessionLog.objects.get)(pk=session.pk)).epoch)
        await socket.ask({}, epoch)
        assert (await socket.until("resumed"))["replayed"] == 4
        for bell in await in_thread(slices)(session.pk):
            ring(session.pk, bell)
        await say(session.pk, "after")
        ring(session.pk, (await in_thread(slices)(session.pk))[-1])
        assert await socket.entries(6) == await log_of(session)
        await socket.silence(0.1)


async def test_it_shows_what_came_while_the_snapshot_was_under_way_once(session: Session, token: str) -> None:
    async with LocalSocket(session.pk, token) as socket:
        for number in range(20):
            asking = asyncio.create_task(socket.ask())
            await say(session.pk, str(number))
            bell = (await in_thread(slices)(session.pk))[-1]
            ring(session.pk, bell)
            ring(session.pk, bell)
            await asking
        snapshot = await socket.until("snapshot")
        while snapshot["ord"] < 40:
            frame = await socket.receive()
            if frame["type"] == "snapshot":
                snapshot = frame
            elif "seq" in frame:
                assert frame["ord"] == snapshot["ord"] + 1
                snapshot = snapshot | {"ord": frame["ord"]}
        assert snapshot["ord"] == 40


async def test_it_catches_up_after_150_doorbells_for_a_stalled_reader(session: Session, token: str) -> None:
    """A layer keeps 100: the newest or the oldest. Here the window is shut, so the socket takes none of them."""
    async with LocalSocket(session.pk, token) as socket:
        await socket.ask()
        await socket.until("snapshot")
        await say(session.pk, *["x" * 3000] * 100)
        for bell in await in_thread(slices)(session.pk):
            ring(session.pk, bell)
        shown = []
        while await socket.socket.receive_nothing(0.2) is False:
            shown.append(await socket.receive())
        assert WINDOW_BYTES <= sum(len(json.dumps(frame)) for frame in shown) < WINDOW_BYTES + 20_000
        await say(session.pk, *(str(number) for number in range(150)))
        bells = await in_thread(slices)(session.pk)
        for bell in [*bells[100:200], *bells[150:]]:
            ring(session.pk, bell)
        await socket.send({"type": "ack", "ord": shown[-1]["ord"]})
        shown += await socket.entries(500)
        assert shown == await log_of(session)


async def test_it_finds_by_itself_what_no_doorbell_told(session: Session, token: str) -> None:
    """Dropped from its group, say: the poll of the log makes up for it within a second or two."""
    await hub.start()
    try:
        async with LocalSocket(session.pk, token) as socket:
            await socket.ask()
            await socket.until("snapshot")
            for word in ("one", "two"):
                loop, hub._loop = hub._loop, None  # as in another process, whose doorbells do not come through
                await say(session.pk, word)
                hub._loop = loop
                async with asyncio.timeout(2.5):
                    await socket.until("agent_status_updated")
    finally:
        await hub.stop()


async def test_it_is_told_anew_when_history_was_rewritten(session: Session, token: str) -> None:
    async with LocalSocket(session.pk, token) as socket:
        await socket.ask()
        await socket.until("snapshot")
        await say(session.pk, "one")
        for bell in await in_thread(slices)(session.pk):
            ring(session.pk, bell)
        await socket.entries(2)

        def rewrite() -> None:
            row = SessionLog.objects.get(pk=session.pk)
            row.new_epoch()
            row.save()

        await in_thread(rewrite)()
        await say(session.pk, "two")
        ring(session.pk, (await in_thread(slices)(session.pk))[-1])
        resumed = await socket.receive()
        assert (resumed["type"], resumed["recovered"]) == ("resumed", False)
        snapshot = await socket.receive()
        assert (snapshot["type"], snapshot["ord"], snapshot["epoch"]) == ("snapshot", 4, resumed["epoch"])
        await say(session.pk, "three")
        ring(session.pk, (await in_thread(slices)(session.pk))[-1])
        assert [frame["ord"] for frame in await socket.entries(6)] == [5, 6]


async def test_it_believes_the_log_and_not_the_doorbell(session: Session, token: str) -> None:
    async with LocalSocket(session.pk, token) as socket:
        await socket.ask()
        epoch = (await socket.until("snapshot"))["epoch"]
        for subscription in hub._subscriptions[session.pk]:
            subscription.announce_head(epoch, 1000)
        await socket.silence(0.2)
        await say(session.pk, "one")
        for bell in await in_thread(slices)(session.pk):
            ring(session.pk, bell)
        assert await socket.entries(2) == await log_of(session)


def test_it_holds_little_for_a_reader_that_does_not_read() -> None:
    subscription = Subscription(asyncio.Event())
    for number in range(10_000):
        subscription.push_lines("e", number + 1, ["x" * 1000])
    assert sum(map(len, subscription.pop_lines(0))) <= MAX_HELD_BYTES
    assert subscription.head == 10_000
    assert subscription.pop_lines(0) == []
