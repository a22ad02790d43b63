"""Text is told from the bytes; the SDK is given it later, in few events, and says what else there is."""

import json
from typing import Any

import pytest

from chats.providers.ahead import MAX_HELD_CHARS, Ahead
from chats.providers.base import ReasoningDelta, TextDelta
from tests.openai_server import chunk, event
from tests.providers.playing import play


def said(**delta: Any) -> bytes:
    return event(chunk(delta))


def deltas(events: bytes) -> list[dict[str, Any]]:
    return [json.loads(block[6:])["choices"][0]["delta"] for block in events.split(b"\n\n")[:-1]]


class Told(list[TextDelta | ReasoningDelta]):
    """What was told, and an Ahead that tells it."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = Ahead(self.append)

    def speak(self, word: str = "a") -> "Told":
        """The SDK passes a first delta of text on as it was."""
        self.ahead.take(said(content=word))
        self.ahead.passed_on(TextDelta(word))
        self.clear()
        return self


OTHERS = [
    said(tool_calls=[{"index": 0, "function": {"arguments": "{"}}]),
    said(content="<think>"),
    said(content="<\u200d|im_end|>"),
    said(content=None),
    event(chunk({"content": "b"}, "stop")),
    event({**chunk({"content": "b"}), "usage": {"total_tokens": 1}}),
    event({"error": {"message": "no"}}),
    b"data: [DONE]\n\n",
    b": a comment\n\n",
    b"data: {broken\n\n",
    b'data: {"choices": ' + b"[" * 5000 + b"\n\n",
    said(content="\ud83d"),
]


def test_the_first_delta_is_for_the_sdk_to_judge() -> None:
    told = Told()
    assert told.ahead.take(said(content="a")) == said(content="a")
    assert told == []
    told.ahead.passed_on(TextDelta("a"))
    assert told == [TextDelta("a")]


def test_what_goes_on_in_its_field_is_told_at_once_and_given_in_one_piece_later() -> None:
    told = Told().speak()
    assert told.ahead.take(said(content="b") + said(content="c")) == b""
    assert told.ahead.take(said(content="d")) == b""
    assert told == [TextDelta("bc"), TextDelta("d")]
    assert deltas(told.ahead.give()) == [{"content": "bcd"}]
    assert told.ahead.give() == b""


def test_much_text_is_given_before_anything_else_comes() -> None:
    told = Told().speak()
    half = "x" * (MAX_HELD_CHARS // 2 + 1)
    assert told.ahead.take(said(content=half)) == b""
    assert deltas(told.ahead.take(said(content=half))) == [{"content": half * 2}]
    told.ahead.passed_on(TextDelta(half * 2))
    assert told.ahead.take(said(content="b")) == b""
    assert told == [TextDelta(half), TextDelta(half), TextDelta("b")]


def test_of_several_kinds_that_came_together_the_next_is_judged_anew() -> None:
    """Or the first one's word would be taken for the last one's."""
    told = Told()
    told.ahead.take(said(content="a") + said(content="<think>") + said(content="a"))
    told.ahead.passed_on(TextDelta("a"))
    told.ahead.passed_on(ReasoningDelta("a"))
    assert told.ahead.take(said(content="b")) == said(content="b")


def test_what_was_told_is_not_told_again() -> None:
    told = Told().speak()
    told.ahead.take(said(content="bc"))
    told.ahead.give()
    told.ahead.passed_on(TextDelta("b"))
    told.ahead.passed_on(TextDelta("cd"))
    assert told == [TextDelta("bc"), TextDelta("d")]


def test_another_field_is_judged_anew() -> None:
    told = Told().speak()
    given = told.ahead.take(said(content="b") + said(reasoning_content="c") + said(content="d"))
    assert deltas(given) == [{"content": "b"}, {"reasoning_content": "c"}, {"content": "d"}]
    assert told == [TextDelta("b")]
    for delta in (TextDelta("b"), ReasoningDelta("c"), TextDelta("d")):
        told.ahead.passed_on(delta)
    assert told == [TextDelta("b"), ReasoningDelta("c"), TextDelta("d")]


def test_text_that_the_sdk_takes_for_reasoning_is_left_to_it() -> None:
    told = Told()
    told.ahead.take(said(content="<think>"))
    told.ahead.take(said(content="Hm."))
    told.ahead.passed_on(ReasoningDelta("Hm."))
    assert told.ahead.take(said(content="So.")) == said(content="So.")


@pytest.mark.parametrize("other", OTHERS)
def test_what_says_more_than_text_is_given_at_once_as_it_is(other: bytes) -> None:
    told = Told().speak()
    events = said(content="b") + other + said(content="c")
    assert told.ahead.take(events) == events
    assert told == [TextDelta("b")]
    assert told.ahead.take(said(content="d")) == said(content="d")


def test_what_is_not_understood_is_given_as_it_is_and_in_order() -> None:
    told = Told().speak()
    told.ahead.take(said(content="b"))
    strange = b"data: {}\r\n\r\n"
    assert told.ahead.give(strange) == said(content="b") + strange
    assert told.ahead.take(said(content="c")) == said(content="c")


def test_untold_neighbours_are_joined() -> None:
    assert deltas(Told().ahead.take(said(content="a") + said(content="b"))) == [{"content": "ab"}]


def test_what_would_be_markup_in_one_piece_is_given_as_it_came() -> None:
    told = Told().speak()
    words = [said(content=word) for word in ("<", "think", ">")]
    assert told.ahead.take(b"".join(words)) == b""
    assert told.ahead.give() == b"".join(words)


def test_white_space_at_the_beginning_is_left_alone() -> None:
    events = said(content="\n\n") + said(content="Hello")
    assert Told().ahead.take(events) == events


async def test_the_answer_is_the_same(serve: Any, ask: Any) -> None:
    """Without a pause the deltas come faster than they can be taken."""
    text = "Grüße, 世界 👋 <b>\n\n" * 300
    answer = [{"reasoning": "Hm, let me see. " * 50, "chunk": 2}, {"text": text, "chunk": 3}]
    played = await play(ask(await serve([[*answer, {"tool": "read_file", "args": {"path": "a"}, "chunk": 3}]])))
    assert (played.reasoning, played.text) == ("Hm, let me see. " * 50, text)
    assert [call.args for call in played.calls] == [{"path": "a"}]


async def test_text_and_reasoning_that_take_turns_keep_their_order(serve: Any, ask: Any) -> None:
    parts = [{"text": "one "}, {"reasoning": "two "}, {"text": "three "}, {"text": "<think>"}, {"text": "four "}]
    parts += [{"text": "five "}, {"text": "</think>"}, {"text": "six "}, {"text": "seven"}]
    played = await play(ask(await serve([parts])))
    said = [(type(event), event.content) for event in played.events if isinstance(event, TextDelta | ReasoningDelta)]
    assert "".join(text for _, text in said) == "one two three four five six seven"
    assert played.reasoning == "two four five "


async def test_text_that_came_before_a_break_is_told(serve: Any, ask: Any) -> None:
    played = await play(ask(await serve([[{"text": "Half an answer", "chunk": 2}, {"cut": True}]])))
    assert played.text == "Half an answer"
    assert played.failure.reason == "network"
