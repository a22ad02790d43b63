from pathlib import Path

import pytest

from chats.providers.base import AssistantText, ToolOutput, TranscriptItem, UserText
from chats.providers.config import ProviderConfig
from chats.providers.registry import open_model
from chats.providers.sample import BUG, FIX, create_sample
from tests.providers.playing import play
from tools import registry
from tools.base import ToolContext
from tools.files.workspace import Workspace

DEMO = open_model("scripted:demo", ProviderConfig(demo_delay_ms=0))


async def play_turn(root: Path, transcript: list[TranscriptItem], message: str, deny: str = "") -> list[AssistantText]:
    """One turn with the real tools; `deny` is a tool that the person does not allow."""
    context = ToolContext(workspace=Workspace(root))
    transcript.append(UserText(message))
    steps: list[AssistantText] = []
    while not steps or steps[-1].tool_calls:
        assert len(steps) < 12
        step = (await play(DEMO, transcript)).as_item()
        steps.append(step)
        transcript.append(step)
        for call in step.tool_calls:
            if call.name == deny:
                output = "The person did not allow this call."
            else:
                result = await registry.call(call.name, call.args, context)
                output = result.output or result.error or ""
            transcript.append(ToolOutput(call.id, call.name, output))
    return steps


def tools_of(steps: list[AssistantText]) -> list[str]:
    return [call.name for step in steps for call in step.tool_calls]


async def test_it_finds_and_repairs_the_bug_of_the_sample(tmp_path: Path) -> None:
    root = create_sample(tmp_path)
    steps = await play_turn(root, [], "Please fix the discount.")
    assert steps[0].content.startswith("**This is a script, not a model.**")
    assert tools_of(steps) == [
        "list_files",
        "read_file",
        "read_file",
        "search_files",
        "run_command",
        "edit_file",
        "run_command",
    ]
    assert "All tests pass now." in steps[-1].content
    code = (root / "pricing.py").read_text()
    assert FIX in code
    assert BUG not in code


async def test_it_says_so_when_there_is_nothing_left_to_fix(tmp_path: Path) -> None:
    transcript: list[TranscriptItem] = []
    await play_turn(create_sample(tmp_path), transcript, "Go")
    steps = await play_turn(tmp_path, transcript, "again please")
    assert "edit_file" not in tools_of(steps)
    assert "already compares with `>=`, and the tests pass" in steps[-1].content


async def test_it_changes_nothing_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Mine\n")
    (tmp_path / "main.go").write_text("package main\n")
    steps = await play_turn(tmp_path, [], "Hello")
    assert tools_of(steps) == ["list_files", "read_file", "read_file"]
    assert "I have read `README.md` and `main.go`" in steps[-1].content
    assert "ANTHROPIC_API_KEY" in steps[-1].content


async def test_it_copes_with_an_empty_folder(tmp_path: Path) -> None:
    steps = await play_turn(tmp_path, [], "Hello")
    assert tools_of(steps) == ["list_files"]
    assert "I found no text file to read" in steps[-1].content


@pytest.mark.parametrize(
    ("denied", "says"),
    [
        ("run_command", "The tests did not run"),
        ("edit_file", "The tests still fail"),
        ("read_file", "I change nothing that I have not read"),
    ],
)
async def test_it_does_not_claim_what_was_not_allowed(tmp_path: Path, denied: str, says: str) -> None:
    steps = await play_turn(create_sample(tmp_path), [], "Go", deny=denied)
    assert says in steps[-1].content
    assert "All tests pass" not in steps[-1].content


@pytest.mark.parametrize(
    ("message", "tools", "says"),
    [
        ("run the tests", ["run_command"], "Some tests fail"),
        ("which files are there?", ["list_files"], "The list is above"),
        ("why was it wrong", [], "| 10 | 5 % | **0 %** |"),
        ("how do I set up a model?", [], "OPENAI_BASE_URL"),
        ("write me a poem", [], "I am a script, not a model"),
    ],
)
async def test_it_answers_the_words_it_knows(tmp_path: Path, message: str, tools: list[str], says: str) -> None:
    transcript: list[TranscriptItem] = [UserText("Hi"), AssistantText("…")]
    steps = await play_turn(create_sample(tmp_path), transcript, message)
    assert tools_of(steps) == tools
    assert says in steps[-1].content
