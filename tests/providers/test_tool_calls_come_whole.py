from typing import Any

import pytest

from chats.providers.base import ToolCall
from chats.providers.protocols.openai_chat import ChatReader
from tests.providers.playing import play


async def test_it_puts_the_pieces_of_parallel_calls_together(serve: Any, ask: Any) -> None:
    server = await serve(
        [
            [
                {"text": "I read both."},
                {"tool": "read_file", "args": {"path": "a.py"}, "chunk": 3},
                {"tool": "list_files", "args": {"path": "src", "deep": {"er": [1, None]}}, "chunk": 1},
            ]
        ]
    )
    played = await play(ask(server))
    assert [(call.name, call.args) for call in played.calls] == [
        ("read_file", {"path": "a.py"}),
        ("list_files", {"path": "src", "deep": {"er": [1, None]}}),
    ]
    assert len({call.id for call in played.calls}) == 2
    assert played.end.finish_reason == "tool_call"


@pytest.mark.parametrize(
    ("sent", "args"),
    [
        ("", {}),
        ("{}", {}),
        ('{"path": "a', '{"path": "a'),
        ('["a.py"]', '["a.py"]'),
        ("a.py", "a.py"),
    ],
)
async def test_it_gives_arguments_that_are_no_object_as_the_text_they_are(
    serve: Any, ask: Any, sent: str, args: object
) -> None:
    played = await play(ask(await serve([[{"tool": "read_file", "args": sent}]])))
    assert [call.args for call in played.calls] == [args]


async def test_it_gives_no_call_of_an_answer_that_was_cut(serve: Any, ask: Any) -> None:
    answer = [{"text": "I write."}, {"tool": "read_file", "args": '{"path": "a"}'}, {"cut": True}]
    played = await play(ask(await serve([answer])))
    assert played.text == "I write."
    assert not played.calls
    assert played.failure.reason == "network"


def _piece(index: int | None = 0, id: str = "", name: str = "", args: object = None) -> dict[str, Any]:
    function = {"name": name, "arguments": args}
    return {"index": index, "id": id, "function": {key: value for key, value in function.items() if value is not None}}


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        # Several calls under one index.
        (
            [_piece(0, "a", "read", '{"p":1}'), _piece(0, "b", "read", '{"p":2}')],
            [("read", {"p": 1}), ("read", {"p": 2})],
        ),
        ([_piece(0, "", "read", "{}"), _piece(0, "", "read", "{}")], [("read", {}), ("read", {})]),
        ([_piece(0, "", "read", {}), _piece(0, "", "list", {"a": 1})], [("read", {}), ("list", {"a": 1})]),
        ([_piece(0, "a", "read", "{}"), _piece(0, "b", "", "{}")], [("read", {}), ("", {})]),
        ([_piece(None, "a", "read", "{}"), _piece(None, "b", "list", "{}")], [("read", {}), ("list", {})]),
        # One call, its name or its id sent with every piece.
        ([_piece(0, "a", "read", '{"p"'), _piece(0, "a", "read", ":1}")], [("read", {"p": 1})]),
        ([_piece(0, "", "read", '{"p"'), _piece(0, "", "read", ":1}")], [("read", {"p": 1})]),
        ([_piece(0, "a", "read", '{"p"'), _piece(0, "other", "", ":1}")], [("read", {"p": 1})]),
        ([_piece(0, "a", "re"), _piece(0, "", "ad"), _piece(0, "", "", "{}")], [("read", {})]),
        ([_piece(0, "a", "re"), _piece(0, "", "read"), _piece(0, "", "", "{}")], [("read", {})]),
        # Arguments that come again from the start.
        (
            [_piece(0, "a", "read", '{"p"'), _piece(0, "a", "", '{"p":1'), _piece(0, "a", "", '{"p":1}')],
            [("read", {"p": 1})],
        ),
        ([_piece(0, "a", "read", "{}"), _piece(0, "a", "", "{}")], [("read", {})]),
        (
            [_piece(0, "a", "read", '{"p":"{'), _piece(0, "a", "", "{"), _piece(0, "a", "", '"}')],
            [("read", {"p": "{{"})],
        ),
    ],
)
def test_it_tells_calls_apart(pieces: list[dict[str, Any]], calls: list[tuple[str, object]]) -> None:
    reader = ChatReader()
    for piece in pieces:
        list(reader.read({"choices": [{"delta": {"tool_calls": [piece]}}]}))
    list(reader.read({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}))
    found = [event for event in reader.end() if isinstance(event, ToolCall)]
    assert [(call.name, call.args) for call in found] == calls
