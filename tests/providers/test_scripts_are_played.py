import time
from typing import Any

import pytest

from chats.providers.base import AssistantText, ModelError, ToolCall, ToolOutput, TranscriptItem, UserText
from chats.providers.scripted.model import ScriptedModel
from tests.providers.playing import Played, play

READ = {"tool": "read_file", "args": {"path": "a.py"}}


async def play_all(model: ScriptedModel, *messages: str) -> list[Played]:
    """Every step of a chat in which the person writes `messages`; tools answer `text of <call id>`."""
    transcript: list[TranscriptItem] = []
    steps: list[Played] = []
    for message in messages:
        transcript.append(UserText(message))
        while True:
            step = await play(model, transcript)
            steps.append(step)
            if step.error:
                break
            transcript.append(step.as_item())
            transcript += [ToolOutput(call.id, call.name, f"text of {call.id}") for call in step.calls]
            if not step.calls:
                break
    return steps


async def test_it_ends_a_step_where_calls_are_followed_by_anything_else() -> None:
    model = ScriptedModel.of([{"text": "I read."}, READ, READ, {"text": "Done."}])
    first, second = await play_all(model, "Go")
    assert (first.text, [call.args for call in first.calls]) == ("I read.", [READ["args"]] * 2)
    assert (second.text, second.calls) == ("Done.", [])
    assert (first.end.finish_reason, second.end.finish_reason) == ("tool_call", "stop")


async def test_it_ends_a_step_where_it_is_told_to() -> None:
    model = ScriptedModel.of(
        [READ, {"step": True}, READ, {"step": True}, {"text": "Yes"}, {"step": True}, {"text": "No"}]
    )
    steps = await play_all(model, "one", "two")
    assert [(step.text, len(step.calls)) for step in steps] == [("", 1), ("", 1), ("Yes", 0), ("No", 0)]


async def test_it_gives_every_call_of_a_chat_its_own_id() -> None:
    steps = await play_all(ScriptedModel.of([{"repeat": 3, "of": [READ, READ, {"step": True}]}]), "Go")
    ids = [call.id for step in steps for call in step.calls]
    assert len(ids) == len(set(ids)) == 6


async def test_it_goes_on_where_the_transcript_is_whatever_happened_to_the_process() -> None:
    script = [READ, {"text": "one"}, {"step": True}, {"text": "two"}]
    call = ToolCall("x", "read_file", {})
    transcript: list[TranscriptItem] = [UserText("a"), AssistantText("", (call,)), ToolOutput("x", "read_file", "")]
    assert (await play(ScriptedModel.of(script), transcript)).text == "one"
    # A step that was cut is left out of the transcript, so it is said again.
    assert (await play(ScriptedModel.of(script), transcript)).text == "one"
    transcript += [AssistantText("one"), UserText("b")]
    assert (await play(ScriptedModel.of(script), transcript)).text == "two"


async def test_it_says_plainly_that_it_is_at_its_end() -> None:
    steps = await play_all(ScriptedModel.of([{"text": "All."}], "scripted:short"), "one", "two", "three")
    assert steps[0].text == "All."
    assert all("The script `scripted:short` is at its end" in step.text for step in steps[1:])


async def test_it_fails_where_it_is_told_to_and_goes_on_with_the_next_message() -> None:
    error = {"error": {"reason": "rate_limit", "message": "Slow down.", "retry_after_s": 7}}
    model = ScriptedModel.of([READ, {"text": "So far"}, error, {"step": True}, {"text": "Again here."}])
    steps = await play_all(model, "one", "two")
    assert steps[1].text == "So far"
    assert (steps[1].failure.reason, steps[1].failure.retry_after_s) == ("rate_limit", 7)
    assert steps[2].text == "Again here."
    # Asked again for the same message, it fails again.
    assert (await play_all(model, "one"))[1].error


async def test_it_repeats_with_numbers() -> None:
    inner = {"repeat": 2, "of": [{"text": "[{i}]"}]}
    loop = {"repeat": 2, "of": [{"tool": "read_file", "args": {"paths": ["{i}.py"]}}, {"step": True}]}
    steps = await play_all(ScriptedModel.of([loop, inner]), "Go")
    assert [call.args for step in steps for call in step.calls] == [{"paths": ["0.py"]}, {"paths": ["1.py"]}]
    assert steps[-1].text == "[0][1]"


async def test_it_keeps_the_pace_of_the_script() -> None:
    model = ScriptedModel.of([{"text": "abcdef", "chunk": 2, "delay_ms": 20}, {"wait_s": 0.1}])
    started = time.monotonic()
    played = await play(model)
    assert played.texts == ["ab", "cd", "ef"]
    assert time.monotonic() - started >= 0.16


async def test_it_checks_what_the_tools_answered() -> None:
    model = ScriptedModel.of([READ, {"expect": "text of call_0_0"}, {"text": "Right."}])
    assert (await play_all(model, "Go"))[1].text == "Right."
    wrong = ScriptedModel.of([READ, {"expect": "something else"}, {"text": "Right."}])
    failure = (await play_all(wrong, "Go"))[1].failure
    assert failure.message == "The script expects 'something else' in the last tool output, but it is: text of call_0_0"


async def test_it_estimates_tokens_where_the_script_gives_none() -> None:
    script = [
        {"reasoning": "12345678"},
        {"text": "1234"},
        {"step": True},
        {"usage": {"prompt_tokens": 9, "cache_tokens": 5}},
    ]
    steps = await play_all(ScriptedModel.of(script), "12", "34")
    first, second = (step.end.usage for step in steps)
    assert (first.completion_tokens, first.reasoning_tokens, first.cache_tokens) == (3, 2, 0)
    assert (first.prompt_tokens or 0) > 50
    assert (second.prompt_tokens, second.cache_tokens, second.completion_tokens) == (9, 5, 0)


@pytest.mark.parametrize(
    "items",
    ["text", {"text": "x"}, [{"txt": "x"}], [{"text": 1}], [{"text": "x"}, {"error": {"reason": "bad luck"}}], [None]],
)
def test_it_refuses_what_is_no_script(items: Any) -> None:
    with pytest.raises(ModelError, match="The script 'scripted:test' cannot be read"):
        ScriptedModel.of(items)


def test_it_names_the_item_that_it_cannot_read() -> None:
    with pytest.raises(ModelError, match="item 1 is none of text, reasoning, tool"):
        ScriptedModel.of([{"text": "x"}, {"tex": "y"}])
