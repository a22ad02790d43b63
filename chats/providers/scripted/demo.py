"""What `scripted:demo` does: a real job with the real tools, decided by what they really answered."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..base import AssistantText, ToolCall, ToolOutput, TranscriptItem, UserText
from ..sample import BUG, FIX
from . import demo_texts as texts
from .format import Call, ScriptItem, Text

RUN_TESTS = Call(tool="run_command", args={"command": ["python3", "-m", "unittest"]})
# What list_files shows unindented is right in the folder.
READABLE = re.compile(r"^[\w.-]+\.(?:md|rst|txt|py|js|tsx?|rs|go|java|c|h|html|css|toml|json|ya?ml)\b", re.MULTILINE)


@dataclass(frozen=True)
class Turn:
    """The turn in progress: the person's message, and the tools' answers to it so far."""

    message: str
    is_first: bool
    calls: tuple[ToolCall, ...]
    outputs: tuple[ToolOutput, ...]

    @classmethod
    def of(cls, transcript: Sequence[TranscriptItem]) -> "Turn":
        start = max((at for at, item in enumerate(transcript) if isinstance(item, UserText)), default=-1)
        answers = [item for item in transcript[start + 1 :] if isinstance(item, AssistantText)]
        return cls(
            message=transcript[start].content if start >= 0 else "",
            is_first=not any(isinstance(item, AssistantText) for item in transcript[: max(start, 0)]),
            calls=tuple(call for answer in answers for call in answer.tool_calls),
            outputs=tuple(item for item in transcript[start + 1 :] if isinstance(item, ToolOutput)),
        )

    def answers(self, tool: str) -> list[str]:
        return [output.content for output in self.outputs if output.tool == tool]

    def read(self, path: str) -> str:
        """What read_file said about `path`; empty if it was not asked."""
        ids = {call.id for call in self.calls if isinstance(call.args, dict) and call.args.get("path") == path}
        return "".join(out.content for out in self.outputs if out.tool == "read_file" and out.tool_call_id in ids)


def demo_step(transcript: Sequence[TranscriptItem]) -> list[ScriptItem]:
    """The next step of the demo, read off the transcript alone."""
    turn = Turn.of(transcript)
    return (_job if turn.is_first else _topic(turn.message))(turn)


# --- The job -----------------------------------------------------------------------------------------


def _job(turn: Turn) -> list[ScriptItem]:
    listings, runs = turn.answers("list_files"), turn.answers("run_command")
    if not listings:
        return [Text(text=texts.HELLO if turn.is_first else texts.AGAIN), Call(tool="list_files", args={"path": "."})]
    if "pricing.py" not in listings[0] or "test_pricing.py" not in listings[0]:
        return _look_around(turn, listings[0])
    if not turn.answers("read_file"):
        return [
            Text(text=texts.READING),
            Call(tool="read_file", args={"path": "pricing.py"}),
            Call(tool="read_file", args={"path": "test_pricing.py"}),
            Call(tool="search_files", args={"pattern": "discount_percent"}),
        ]
    if not runs:
        return [Text(text=texts.FIRST_RUN), RUN_TESTS]
    return _repair(turn, runs)


def _repair(turn: Turn, runs: list[str]) -> list[ScriptItem]:
    if not turn.answers("edit_file"):
        code = turn.read("pricing.py")
        if BUG not in code:
            return [Text(text=texts.nothing_to_fix(verdict(runs[0])) if FIX in code else texts.UNREADABLE)]
        return [
            Text(text=texts.found(verdict(runs[0]))),
            Call(tool="edit_file", args={"path": "pricing.py", "edits": [{"old": BUG, "new": FIX}]}),
        ]
    if len(runs) == 1:
        return [Text(text=texts.SECOND_RUN), RUN_TESTS]
    return [Text(text=texts.FIXED if verdict(runs[1]) else texts.not_fixed(verdict(runs[1])))]


def verdict(output: str) -> bool | None:
    """Whether unittest was content; None where it did not get to say so."""
    if re.search(r"^FAILED|^(?:Assertion|Import|Module\w*)Error", output, re.MULTILINE):
        return False
    return True if re.search(r"^OK\b", output, re.MULTILINE) else None


def _look_around(turn: Turn, listing: str) -> list[ScriptItem]:
    """Another folder than the sample: read a little of it, change nothing."""
    names = list(dict.fromkeys(READABLE.findall(listing)))
    names.sort(key=lambda name: (not name.lower().startswith("readme"), name))
    if names and not turn.answers("read_file"):
        return [
            Text(text=texts.OTHER_FOLDER),
            *(Call(tool="read_file", args={"path": name}) for name in names[:2]),
        ]
    return [Text(text=texts.looked_around(names[:2]))]


# --- What else it understands ------------------------------------------------------------------------


def _test(turn: Turn) -> list[ScriptItem]:
    runs = turn.answers("run_command")
    return [Text(text=texts.tested(verdict(runs[0])))] if runs else [Text(text=texts.RUNNING), RUN_TESTS]


def _files(turn: Turn) -> list[ScriptItem]:
    if turn.answers("list_files"):
        return [Text(text=texts.LISTED)]
    return [Text(text=texts.LISTING), Call(tool="list_files", args={"path": "."})]


def _answer_with(text: str) -> Callable[[Turn], list[ScriptItem]]:
    return lambda turn: [Text(text=text)]


TOPICS: tuple[tuple[str, Callable[[Turn], list[ScriptItem]]], ...] = (
    (r"again|demo|fix|bug|start|continue|go on", _job),
    (r"tests?\b", _test),
    (r"files?|folder|list|look", _files),
    (r"why|explain|how does|what did", _answer_with(texts.WHY)),
    (r"models?|keys?|configure|set ?up|ollama|openai|anthropic|claude|gpt", _answer_with(texts.CONFIGURE)),
)


def _topic(message: str) -> Callable[[Turn], list[ScriptItem]]:
    words = message.lower()
    return next(
        (topic for pattern, topic in TOPICS if re.search(rf"\b(?:{pattern})", words)), _answer_with(texts.WORDS)
    )
