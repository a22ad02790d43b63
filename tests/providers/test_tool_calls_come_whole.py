from typing import Any

import pytest

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
