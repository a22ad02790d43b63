"""A request to the model that no message shows (a summary, a title, a judgement) is on record like any other."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from uuid6 import uuid7

from chats.models import Chat, Message, Turn
from traces.models import DailyUsage, ModelStep, ToolTrace, TurnSummary
from traces.otel.exporter import read_turns
from traces.otel.spans import make_spans, span_id
from traces.record import recorder
from traces.record.step import Request, Step


@pytest.fixture
def turn(chat: Chat) -> Turn:
    turn = Turn.objects.create(chat=chat, user=chat.session.project.owner, status="complete")
    recorder.turn_queued(turn.pk, chat.pk, "a:b", "Fix it", timezone.now())
    return turn


def record(request: Request, *, calls: int = 0) -> None:
    """Record a request from its start to its end."""
    recorder.step_started(
        request.id,
        chat_id=request.chat_id,
        turn_id=request.turn_id,
        message_id=request.message_id,
        number=request.number,
        model=request.model,
        at=timezone.now(),
        purpose=request.purpose,
    )
    recorder.step_finished(request, calls=calls)


def answer(turn: Turn, number: int, prompt_tokens: int) -> Step:
    message = Message.objects.create(session=turn.chat.session, chat=turn.chat, turn=turn, role="assistant")
    place: dict[str, Any] = {"chat_id": turn.chat_id, "turn_id": turn.pk, "message_id": message.pk, "number": number}
    used: dict[str, Any] = {"prompt_tokens": prompt_tokens, "completion_tokens": 10, "cost_usd": Decimal("0.5")}
    return Step(id=uuid7(), model="a:b", duration_ms=5.0, finished_at=timezone.now(), **place, **used)


def other(chat: Chat, purpose: str, turn: Turn | None = None) -> Request:
    used: dict[str, Any] = {"prompt_tokens": 700, "completion_tokens": 7, "cost_usd": Decimal("0.25")}
    place: dict[str, Any] = {"chat_id": chat.pk, "turn_id": turn.pk if turn else None}
    return Request(
        id=uuid7(), model="a:b", purpose=purpose, duration_ms=3.0, finished_at=timezone.now(), **place, **used
    )


def test_a_turn_counts_its_summary_among_its_requests(as_alice: APIClient, chat: Chat, turn: Turn) -> None:
    record(answer(turn, 1, 1000))
    record(summary := other(chat, "summary", turn))
    record(answer(turn, 2, 300))
    body = as_alice.get(f"/api/turns/{turn.pk}").json()
    assert (body["steps"], body["cost_usd"], body["tokens"]["prompt"]) == (3, 1.25, 2000)
    assert [step["purpose"] for step in body["step_list"]] == ["answer", "summary", "answer"]
    told = body["step_list"][1]
    assert (told["id"], told["message_id"], told["turn"]) == (str(summary.id), None, str(turn.pk))
    assert as_alice.get(f"/api/turns/{turn.pk}/usage").json()["steps"] == 3


def test_a_title_outside_of_any_turn_counts_in_the_days_totals(as_alice: APIClient, chat: Chat) -> None:
    record(other(chat, "title"))
    used = as_alice.get(f"/api/chats/{chat.pk}/usage").json()
    assert (used["steps"], used["cost_usd"], used["by_model"][0]["model"]) == (1, 0.25, "a:b")
    step = ModelStep.objects.get()
    assert (step.turn_id, step.message_id, step.purpose, step.status) == (None, None, "title", "ok")


def test_it_has_no_place_in_the_chats_context(chat: Chat, turn: Turn) -> None:
    record(first := answer(turn, 1, 1000), calls=1)
    trace = recorder.start(first, "call", "read_file", {"path": "a"})
    recorder.finish(trace, "ok", 1.0, output="text")
    record(other(chat, "judge", turn))
    record(answer(turn, 2, 1210))
    assert ToolTrace.objects.get().context_tokens == 200
    places = ModelStep.objects.order_by("id").values_list("purpose", "era", "position")
    assert list(places) == [("answer", 0, 0), ("judge", None, None), ("answer", 0, 1)]


def test_one_that_is_cut_ends_with_what_went_wrong(chat: Chat, turn: Turn) -> None:
    request = other(chat, "summary", turn)
    place: dict[str, Any] = {"chat_id": chat.pk, "turn_id": turn.pk, "message_id": None, "number": 0, "model": "a:b"}
    recorder.step_started(request.id, **place, at=timezone.now(), purpose="summary")
    recorder.step_cut(request.id, "failed", "No room.")
    step = ModelStep.objects.get()
    assert (step.status, step.error) == ("error", "No room.")
    assert TurnSummary.objects.get(pk=turn.pk).unpriced == 1
    assert DailyUsage.objects.get(kind="model").errors == 1


def test_the_outline_lists_it_between_the_answers(as_alice: APIClient, chat: Chat, turn: Turn) -> None:
    for number in (1, 2, 3):
        record(step := answer(turn, number, 1000 * number), calls=1)
        recorder.finish(recorder.start(step, f"c{number}", "read_file", {}), "ok", 1.0)
        if number < 3:
            record(other(chat, "summary", turn))
    found, cursor = list[tuple[str, Any]](), None
    while True:
        query: dict[str, Any] = {"turn": turn.pk, "sort": "oldest", "limit": 1} | ({"cursor": cursor} if cursor else {})
        body = as_alice.get(f"/api/chats/{chat.pk}/outline", query).json()
        steps = [dict(zip(body["steps"]["columns"], row, strict=True)) for row in body["steps"]["rows"]]
        found += [(step["purpose"], step["message_id"] is None) for step in steps]
        if body["next"] is None:
            break
        cursor = body["next"].partition("cursor=")[2].partition("&")[0]
    assert found == [("answer", False), ("summary", True), ("answer", False), ("summary", True), ("answer", False)]


def test_its_span_says_what_it_was_for(chat: Chat, turn: Turn) -> None:
    record(answer(turn, 1, 1000))
    record(summary := other(chat, "summary", turn))
    recorder.turns_ended([turn.pk], "complete")
    [rows] = read_turns([TurnSummary.objects.get(pk=turn.pk)], with_content=True)
    spans = {span.attributes.get("boocode.purpose"): span for span in make_spans(rows)}
    assert spans["summary"].span_id == span_id(summary.id)
    assert spans["summary"].parent_id == span_id(turn.pk)
    assert spans["summary"].attributes["gen_ai.usage.input_tokens"] == 700


def test_a_turn_that_goes_on_knows_what_its_last_step_used(turn: Turn) -> None:
    record(step := answer(turn, 1, 1000))
    assert recorder.read_step(step.message_id) == replace(step, finished_at=None)
