"""Stop: one terminal state, the text so far is kept, no child process lives on."""

import subprocess
import time
from collections.abc import Callable

import pytest

from tests.turns.conftest import Talk


def statuses(chat: Talk) -> list[str]:
    return [message["status"] for message in chat.messages()]


def test_it_keeps_the_text_that_was_streamed(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "word " * 2000, "chunk": 5, "delay_ms": 5}])
    chat.say("Speak")
    chat.wait_until(lambda: any(len(text) > 50 for text in chat.texts("assistant")))
    chat.cancel()
    answer = chat.wait()[-1]
    assert answer["status"] == "cancelled"
    assert 50 < len(answer["content"]) < 9000
    assert answer["content"] == ("word " * 2000)[: len(answer["content"])]
    assert chat.status() == "idle"
    time.sleep(0.3)
    assert chat.messages()[-1] == answer


def test_it_kills_the_command_that_runs(talk: Callable[..., Talk]) -> None:
    mark = f"3{time.time_ns() % 10**8}"
    chat = talk(
        [
            {"tool": "run_command", "args": {"command": ["sh", "-c", f"sleep {mark} & sleep {mark}"]}},
            {"tool": "write_file", "args": {"path": "never.txt", "content": "x"}},
            {"text": "never"},
        ]
    )
    chat.say("Wait")
    chat.wait_until(lambda: chat.traces())
    chat.wait_until(lambda: alive(mark))
    chat.cancel()
    chat.wait()
    assert not alive(mark)
    assert chat.traces()[0]["status"] == "cancelled"
    assert not (chat.root / "never.txt").exists()
    assert "never" not in chat.texts("assistant")
    # Each call has a result, or the next request would be refused.
    results = [message for message in chat.messages() if message["role"] == "tool"]
    calls = [call for message in chat.messages() for call in message["tool_calls"] or ()]
    assert len(results) == len(calls) == 2


def alive(mark: str) -> bool:
    return subprocess.run(["pgrep", "-f", f"sleep {mark}"], capture_output=True).returncode == 0


def test_it_ends_queued_turns_too(talk: Callable[..., Talk]) -> None:
    chat = talk([{"wait_s": 30}, {"text": "never"}])
    chat.say("first")
    chat.say("second")
    chat.cancel()
    chat.wait()
    time.sleep(0.3)
    assert "never" not in chat.texts("assistant")
    assert chat.texts("user") == ["first", "second"]


@pytest.mark.parametrize("delay_s", [0, 0.005, 0.01, 0.02, 0.05, 0.1])
def test_it_ends_in_one_state_whenever_it_comes(talk: Callable[..., Talk], delay_s: float) -> None:
    chat = talk([{"text": "short", "chunk": 1, "delay_ms": 2}, {"tool": "list_files"}, {"text": "end"}])
    chat.say("go")
    time.sleep(delay_s)
    chat.cancel()
    chat.wait()
    before = statuses(chat)
    assert "streaming" not in before
    assert all(trace["status"] != "running" for trace in chat.traces())
    time.sleep(0.2)
    assert statuses(chat) == before


def test_the_chat_works_afterwards(talk: Callable[..., Talk]) -> None:
    chat = talk([{"wait_s": 30}, {"text": "first"}])
    chat.say("go")
    time.sleep(0.1)
    chat.cancel()
    chat.wait()
    other = talk([{"text": "fine"}])
    other.say("and now?")
    other.wait()
    assert other.texts("assistant") == ["fine"]


def test_it_is_accepted_when_nothing_runs(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "x"}])
    chat.cancel()
    assert chat.status() == "idle"
