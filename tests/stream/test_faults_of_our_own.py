"""A turn that fails by a fault of our own: its message ends too, with the text so far, and says so to all pages."""

import json

import pytest

from boocode.db.threads import in_database
from chats.agent.loop import Answer
from chats.models import Message, Session, Turn
from chats.providers.base import StepEnd, TextDelta
from chats.stream import log
from chats.stream.writer import writer
from chats.turns import recorder
from tests.stream.deeds import Deeds
from traces.models import ModelStep


@pytest.mark.parametrize(
    ("end", "status", "step"),
    [
        (Turn.Status.FAILED, "failed", "error"),
        (Turn.Status.CANCELLED, "cancelled", "cancelled"),
        (Turn.Status.COMPLETE, "interrupted", "interrupted"),
    ],
)
async def test_no_message_is_left_streaming(
    session: Session, monkeypatch: pytest.MonkeyPatch, end: Turn.Status, status: str, step: str
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    await writer.start()
    deeds = Deeds(session, session.project.owner)
    deeds.chats = [chat.pk for chat in await in_database(lambda: list(session.chats.all()))]
    await deeds.work(0)
    (run,) = deeds.runs.values()
    await run.steps.start_step()
    run.steps.append_delta(TextDelta("So far."))
    monkeypatch.setattr(recorder, "cost_usd", fail)
    with pytest.raises(ZeroDivisionError):
        await run.steps.finish_step(Answer("So far.", (), StepEnd()))
    await run.interrupt("failed", "BooCode itself failed.", "internal")
    await run.end(end, "BooCode itself failed.")
    message = await in_database(lambda: Message.objects.get(session=session, role="assistant"))
    assert (message.status, message.content) == (status, "So far.")
    assert (message.metadata.get("error") == "BooCode itself failed.") is (status == "failed")
    assert (await in_database(lambda: ModelStep.objects.get(message=message))).status == step
    answer = await in_database(log.read_resumption, session.pk, {"text": 0}, None)
    told = [json.loads(line) for _ord, line in answer.frames]
    ends = [
        frame["status"]
        for frame in told
        if frame["type"] == "message_complete" and frame["message_id"] == str(message.pk)
    ]
    assert ends == [status]
    await writer.stop()
