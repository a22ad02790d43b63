"""The invariant: whatever a session does, and whatever becomes of doorbells, sockets and the server meanwhile, the
browser's client ends with what the server would tell a new one. Rows and frames are the product's own; the frames go
from the real consumer to the real client, and only the network between them is the test's.

CI makes 1,000 runs, the same each time. This makes others, and more:
`STREAM_SEED=1 STREAM_RUNS=100000 python -m pytest tests/stream/test_the_client_agrees_under_faults.py`.
"""

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from boocode.db.threads import in_database
from chats.models import ApiToken, Project
from chats.projects import sessions
from chats.stream import hub as hub_module
from chats.stream import log, retention, sequencing
from chats.stream.hub import hub
from chats.stream.sequencing import Window
from chats.stream.writer import writer
from chats.web import consumers
from tests.stream.conftest import IS_SCALED
from tests.stream.deeds import Deeds
from tests.stream.local import ring
from tests.stream.network import Network, RemoteClient

RUN_LIMIT_S = 60
"""A run that waits for what never comes fails; pytest's own limit can't end one in the middle of a search."""
USUAL_RUNS = (200 if IS_SCALED else 1000) if os.environ.get("CI") else 100
PARTS = 4  # so that several processes can share them
RUNS = int(os.environ.get("STREAM_RUNS", USUAL_RUNS)) // PARTS
SEED = int(os.environ.get("STREAM_SEED", "0"))
CALM_ROUNDS = 60
FAULTS = ("lose", "double", "swap", "cut", "late", "poll", "beat", "wake", "slow", "crash")
STEPS = ("work",) * 10 + ("deliver",) * 8 + ("bells",) * 6 + ("wait",) * 3 + ("meddle",) * 2 + FAULTS

# One number a step: quick to draw, and what is left of a failing run is short.
plans = st.lists(st.integers(0, 2**24), min_size=10, max_size=40)


@pytest.fixture(scope="module")
def client() -> Iterator[RemoteClient]:
    with RemoteClient() as remote:
        yield remote


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every limit is reached by a run of some dozen entries."""
    monkeypatch.setattr(sequencing, "MAX_REPLAY_ENTRIES", 25)
    monkeypatch.setattr(sequencing, "MAX_REPLAY_BYTES", 8_000)
    monkeypatch.setattr(sequencing, "MAX_SLICE_BYTES", 800)
    monkeypatch.setattr(sequencing, "WINDOW_BYTES", 3_000)
    monkeypatch.setattr(hub_module, "MAX_HELD_BYTES", 1_500)
    monkeypatch.setattr(consumers, "Window", partial(Window, 3_000))
    monkeypatch.setattr(retention, "KEEP_ENTRIES", 15)
    monkeypatch.setattr(retention, "KEEP_AFTER", timedelta(0))
    monkeypatch.setattr(retention, "SLICES_AT_ONCE", 3)


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the hub would tell, held back for the test to deliver."""
    held: list[Any] = []
    for name in ("publish", "publish_from_thread"):
        monkeypatch.setattr(hub, name, lambda _session_id, *bell: held.append(bell))
    for name in ("notify_user", "notify_user_from_thread"):
        monkeypatch.setattr(hub, name, lambda *_: None)
    return held


class Story:
    """One run: a session's life, its watcher, and what goes wrong between the two."""

    def __init__(self, deeds: Deeds, network: Network, bells: list[Any]) -> None:
        self.deeds = deeds
        self.network = network
        self.held = bells
        self.session_id = deeds.session.pk

    async def do(self, what: str, number: int) -> None:
        if what in ("work", "meddle"):
            await getattr(self.deeds, what)(number)
        elif hasattr(self, what):
            await getattr(self, what)(number)
        else:
            await self.network.quiet()
            getattr(self.network, what)(number)
        await asyncio.sleep(0)

    async def bells(self, number: int) -> None:
        """Doorbells come late, twice, in any order, or not at all."""
        chance = random.Random(number)
        ringing = [bell for bell in self.held for _ in range(chance.choice([0, 1, 1, 1, 2]))]
        self.held.clear()
        if chance.random() < 0.3:
            chance.shuffle(ringing)
        for bell in ringing:
            ring(self.session_id, bell)

    async def poll(self, _number: int = 0) -> None:
        standing = (await in_database(log.read_heads, [self.session_id]))[self.session_id]
        for subscription in hub._subscriptions.get(self.session_id, ()):
            subscription.announce_head(*standing)

    async def beat(self, _number: int = 0) -> None:
        beats = await in_database(log.read_positions, [self.session_id])
        self.network.beat(beats[self.session_id])

    async def deliver(self, number: int) -> None:
        await self.network.quiet()
        self.network.deliver(number % 13)

    async def slow(self, _number: int) -> None:
        await self.deeds.flood()
        await self.poll()
        await self.network.close_slow()

    async def crash(self, number: int) -> None:
        await self.deeds.crash()
        self.held.clear()
        self.network.cut(1012 if number % 2 else 1006)

    async def calm(self) -> dict[str, Any]:
        """Nothing goes wrong any more, until the client stands where the log does. Returns what it shows."""
        await self.deeds.settle()
        [(epoch, ord)] = (await in_database(log.read_heads, [self.session_id])).values()
        for _ in range(CALM_ROUNDS):
            while await self.network.quiet():
                self.network.deliver()
            answer = self.network.answer
            if (answer["epoch"], answer["ord"], answer["phase"]) == (epoch, ord, "steady"):
                break
            await self.poll()
            await self.beat()
            self.network.wait(2_000)
        self.network.do("look")
        shown: dict[str, Any] = self.network.answer["shown"]
        return shown


def comparable(state: dict[str, Any]) -> dict[str, Any]:
    """Without the bodies of traces, which come with live frames only; lists that have no order of their own by id."""
    traces = [{k: v for k, v in trace.items() if k not in ("input", "output")} for trace in state["traces"]]
    return {
        **{name: state[name] for name in ("epoch", "ord", "heads", "messages", "outputs")},
        "chats": sorted(state["chats"], key=lambda chat: chat["id"]),
        "traces": sorted(traces, key=lambda trace: trace["id"]),
        "approvals": sorted(state["approvals"], key=lambda approval: approval["trace_id"]),
    }


class Runs:
    """What all runs share, and how often each thing came to pass."""

    def __init__(self, client: RemoteClient, project: Project, bells: list[Any]) -> None:
        self.client = client
        self.project = project
        self.token = ApiToken.issue(project.owner)
        self.bells = bells
        self.seen: Counter[str] = Counter()

    async def play(self, plan: list[tuple[str, int]]) -> None:
        async with asyncio.timeout(RUN_LIMIT_S):
            await self._play(plan)

    async def _play(self, plan: list[tuple[str, int]]) -> None:
        self.bells.clear()
        await writer.start()
        session = await in_database(sessions.create_session, self.project)
        deeds = Deeds(session, self.project.owner)
        deeds.chats = [chat.pk for chat in await in_database(lambda: list(session.chats.all()))]
        network = Network(self.client, session.pk, self.token, seed=len(plan), seen=self.seen)
        story = Story(deeds, network, self.bells)
        try:
            while len(plan) % 4 and await network.quiet():  # every fourth client comes late
                network.deliver()
            for what, number in plan:
                await story.do(what, number)
            shown = await story.calm()
            had = await in_database(log.read_resumption, session.pk, {}, None)
        finally:
            await network.end()
            await writer.stop()
        assert comparable(shown) == comparable(json.loads(had.frames[1][1]))


@pytest.mark.parametrize("part", range(1, PARTS + 1))
@pytest.mark.usefixtures("small_limits", "database_threads", "transactional_db")
def test_it_ends_with_what_the_server_has(client: RemoteClient, bells: list[Any], tmp_path: Path, part: int) -> None:
    owner = get_user_model().objects.create_user("alice")
    all_runs = Runs(client, Project.objects.create(owner=owner, name="work", root=str(tmp_path)), bells)

    @seed(SEED * PARTS + part)
    @settings(
        derandomize=False, max_examples=RUNS, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(plans)
    def run(numbers: list[int]) -> None:
        plan = [(STEPS[number % len(STEPS)], number // len(STEPS)) for number in numbers]
        note(f"{plan}")
        loop.run(all_runs.play(plan))

    with asyncio.Runner() as loop:
        run()
    writer._thread.submit(lambda: connection.close()).result()
    if RUNS >= 250:
        must = {"replayed", "snapshot", "another epoch", "window shut", "too slow", "cut", "asked again"}
        assert must <= set(+all_runs.seen), "the runs prove nothing about what they never reach"
