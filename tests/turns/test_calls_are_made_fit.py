"""Whatever a model sends as a call can be kept, and told of."""

from typing import Any

from chats.agent.normalize import MAX_DEPTH, TOO_DEEP, normalize_call
from chats.providers.base import ToolCall
from chats.providers.protocols.answer import read_args


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": [value]}
    return value


def test_it_keeps_arguments_as_they_are() -> None:
    args = nested(MAX_DEPTH // 2 - 1)
    assert normalize_call(ToolCall("1", "x", args), set()) == ToolCall("1", "x", args)


def test_it_drops_arguments_that_break_whoever_walks_through_them() -> None:
    for args in (nested(MAX_DEPTH), nested(20_000)):
        assert normalize_call(ToolCall("1", "x", args), set()).args == TOO_DEEP
    text = '{"a":' * 100_000
    assert read_args(text) == text
    assert normalize_call(ToolCall("1", "x", text), set()).args == text


def test_it_finds_another_name_for_one_that_is_taken() -> None:
    assert normalize_call(ToolCall("1", "x", {}), {"1", "1-2"}).id == "1-3"
    assert normalize_call(ToolCall("", "\0", {}), set()) == ToolCall("call-2", "\ufffd", {})
