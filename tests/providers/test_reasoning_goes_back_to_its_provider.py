from typing import Any

from chats.providers.base import AssistantText, ToolOutput, UserText
from tests.providers.playing import play

STEP = [
    {"reasoning": "I should look."},
    {"text": "Let me see."},
    {"tool": "read_file", "args": {"path": "a.py"}},
]


async def test_it_sends_a_step_s_reasoning_with_the_step(serve: Any, ask: Any) -> None:
    """Several models refuse a tool's output, or do worse, without the reasoning that led to the call."""
    server = await serve([STEP, [{"text": "Done."}]])
    model = ask(server)
    first = await play(model)
    item = first.as_item()
    assert item.state
    await play(model, [UserText("Hello"), item, ToolOutput(item.tool_calls[0].id, "read_file", "text")])
    sent = server.asked[1].json["messages"][2]
    assert sent["reasoning_content"] == "I should look."
    assert sent["content"] == "Let me see."
    assert sent["tool_calls"][0]["function"]["arguments"] == '{"path":"a.py"}'


async def test_it_keeps_neither_text_nor_arguments_twice(serve: Any, ask: Any) -> None:
    state = (await play(ask(await serve([STEP])))).end.state or ""
    assert "I should look." in state
    assert "Let me see." not in state
    assert "a.py" not in state


async def test_it_keeps_nothing_of_a_plain_step(serve: Any, ask: Any) -> None:
    assert (await play(ask(await serve([STEP[1:]])))).end.state is None


async def test_it_does_without_a_state_that_does_not_fit(serve: Any, ask: Any) -> None:
    server = await serve([STEP, [{"text": "Done."}]] * 2)
    model = ask(server)
    state = (await play(model)).end.state
    for broken in ("", "{", "[]", '{"parts": [{}]}', state):
        item = AssistantText("Another text altogether, without the call.", (), broken)
        assert not (await play(model, [UserText("Hello"), item, UserText("And?")])).error
        assert server.asked[-1].json["messages"][2] == {"role": "assistant", "content": item.content}
