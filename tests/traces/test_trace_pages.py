"""The pages of traces: whose they are, and what they say before any script runs."""

import pytest
from django.test import Client
from django.utils import timezone

from chats.models import Chat, Turn
from traces.models import DailyUsage, TurnSummary
from traces.read.turn_bar import make_bar
from traces.templatetags.amounts import cost_of, count, dollars, duration

pytestmark = pytest.mark.usefixtures("unhashed_static")


@pytest.fixture
def summary(chat: Chat) -> TurnSummary:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
    facts = {"model_ms": 600.0, "tool_ms": 300.0, "duration_ms": 1000.0, "calls": 3, "failures": 1}
    return TurnSummary.objects.create(
        turn=turn, chat=chat, title="Fix <b>it</b>", queued_at=timezone.now(), last_error="3 != 4", **facts
    )


@pytest.fixture
def alices(client: Client, chat: Chat) -> Client:
    client.force_login(chat.session.project.owner)
    return client


def paths(chat: Chat) -> list[str]:
    return [f"/chats/{chat.pk}/traces", f"/sessions/{chat.session_id}/traces"]


def test_they_show_the_turns_without_a_script(alices: Client, chat: Chat, summary: TurnSummary) -> None:
    for path in paths(chat):
        page = alices.get(path).content.decode()
        assert "Fix &lt;b&gt;it&lt;/b&gt;" in page
        assert "1 failed: 3 != 4" in page
        assert 'class="model" x="0.0" y="0" width="60.0"' in page


def test_they_offer_every_tool_that_was_used(alices: Client, chat: Chat, summary: TurnSummary) -> None:
    DailyUsage.objects.create(chat=chat, day=timezone.now().date(), kind="tool", name="<long ago>")
    for path in paths(chat):
        assert '<option value="&lt;long ago&gt;">' in alices.get(path).content.decode()


def test_they_are_not_there_for_a_stranger(client: Client, charlie: object, chat: Chat) -> None:
    client.force_login(charlie)  # type: ignore[arg-type]
    assert [client.get(path).status_code for path in paths(chat)] == [404, 404]


def test_they_send_a_visitor_to_the_login(client: Client, chat: Chat) -> None:
    assert {client.get(path).status_code for path in [*paths(chat), "/traces"]} == {302}


def test_they_open_what_the_address_names_and_ignore_nonsense(alices: Client, chat: Chat, summary: TurnSummary) -> None:
    opened = alices.get(paths(chat)[0], {"turn": str(summary.turn_id)}).context["bootstrap"]["open"]
    assert opened["turn"]["id"] == str(summary.turn_id)
    for nonsense in ({"turn": "x"}, {"call": "'"}, {"call": str(summary.turn_id)}):
        assert alices.get(paths(chat)[0], nonsense).context["bootstrap"]["open"]["call"] is None


def test_the_dashboard_adds_up_what_is_yours(alices: Client, charlie: object, chat: Chat) -> None:
    day = timezone.now().date()
    DailyUsage.objects.create(chat=chat, day=day, kind="tool", name="run_command", bucket=10, count=7, errors=2)
    assert alices.get("/traces").context["used"]["calls"] == 7
    assert alices.get("/traces", {"since": "2020-01-01", "until": "2020-01-31"}).context["used"]["calls"] == 0
    assert "Nothing ran in this time" in alices.get("/traces", {"until": "2020-01-31"}).content.decode()
    assert alices.get("/traces", {"days": "no", "since": "nonsense", "project": "x"}).status_code == 200
    alices.force_login(charlie)  # type: ignore[arg-type]
    assert "Nothing has run yet" in alices.get("/traces").content.decode()


def test_a_glance_is_in_true_proportion(summary: TurnSummary) -> None:
    assert [(piece.kind, piece.left, piece.width) for piece in make_bar(summary, 2000)] == [
        ("model", 0, 30),
        ("execution", 30, 15),
        ("other", 45, 5),
    ]
    assert make_bar(summary, 0) == []


def test_amounts_are_words() -> None:
    assert [duration(ms) for ms in (None, 0.4, 12, 1500, 65_000, 7_260_000)] == [
        *("", "< 1 ms", "12 ms", "1.5 s", "1 min 5 s", "2 h 1 min")
    ]
    assert [count(number) for number in (None, 9999, 12_345, 2_000_000)] == ["unknown", "9,999", "12.3k", "2.00M"]
    assert [dollars(None), dollars(0.0012), dollars(3, 2)] == ["unknown", "$0.0012", "≥ $3.00"]
    free = {"cost_usd": None, "unpriced_steps": 1, "by_model": [{"model": "scripted:demo"}]}
    assert cost_of(free) == "no cost"
    assert cost_of(free | {"by_model": [{"model": "openai:x"}]}) == "unknown"
