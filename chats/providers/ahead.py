"""Text of a chat completion's stream, told before the SDK has seen it.

The SDK and pydantic-ai spend 300 µs on each event, whatever it holds: nine tenths of what a delta costs the server. So
text is told from the bytes, and they are given it afterwards, in one piece. What an answer says remains theirs to
judge: told ahead is only what goes on in the field whose last delta they passed on as it was.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from .base import ReasoningDelta, TextDelta

MAX_HELD_CHARS = 64 * 1024
KINDS: dict[str, type[TextDelta | ReasoningDelta]] = {
    "content": TextDelta,
    "reasoning_content": ReasoningDelta,
    "reasoning": ReasoningDelta,
}
# pydantic-ai knows a local model's <think> only where it is all of a delta, and takes joiners out of special tokens.
# Halves of a surrogate pair would become one character when they are joined.
MARKUP = re.compile(r"<.*>\s*|.*[\u200b-\u200d\u2060\ufeff\ud800-\udfff].*", re.DOTALL)


@dataclass
class Run:
    """Neighbouring deltas of one field of text; or, without a field, an event of any other kind."""

    name: str | None
    block: bytes
    chunk: dict[str, Any] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def event(self) -> bytes:
        """All of it as one event; as many as it was where the text would be another as one."""
        if len(self.texts) < 2:
            return self.block + b"\n\n"
        texts = self.texts if MARKUP.fullmatch(self.text) else [self.text]
        return b"".join(map(self._with, texts))

    def _with(self, text: str) -> bytes:
        self.chunk["choices"][0]["delta"][self.name] = text
        return b"data: " + json.dumps(self.chunk).encode() + b"\n\n"


class Ahead:
    """Of one answer, what was told and not yet passed on by the SDK. `tell` must not block."""

    def __init__(self, tell: Callable[[TextDelta | ReasoningDelta], None]) -> None:
        self._tell = tell
        self._open: str | None = None
        self._held: Run | None = None
        self._held_chars = 0
        self._told = ""
        self._given: Run | None = None

    def take(self, events: bytes) -> bytes:
        """Tell what may be told of these whole events, and give what the SDK has to see now, neighbouring text as one.
        To be called when the SDK has passed on all that it was given before. Much text is given although nothing else
        came: it need not be kept twice."""
        given: list[Run] = []
        for run in runs(events):
            if run.name is not None and run.name == self._open and not given:
                self._hold(run)
            else:
                given += [*self._let_go(), run]
        if self._held_chars > MAX_HELD_CHARS:
            given += self._let_go()
        if given:
            # Of several the SDK's word would not say which one it is about.
            self._given, self._open = given[0] if len(given) == 1 else None, None
        return b"".join(run.event() for run in given)

    def give(self, events: bytes = b"") -> bytes:
        """These events as they are, after what the SDK has not seen yet."""
        self._given = self._open = None
        return b"".join(run.event() for run in self._let_go()) + events

    def passed_on(self, delta: TextDelta | ReasoningDelta) -> None:
        """The SDK's own word: tell what was not told."""
        given = self._given
        if given is not None and given.name is not None and delta == KINDS[given.name](given.text):
            self._open = given.name
        told = len(self._told)
        new, self._told = delta.content[told:], self._told[len(delta.content) :]
        if new:
            self._tell(type(delta)(new))

    def _hold(self, run: Run) -> None:
        assert run.name is not None
        text = run.text
        self._tell(KINDS[run.name](text))
        self._held_chars += len(text)
        if self._held is None:
            self._held = run
        else:
            self._held.texts += run.texts

    def _let_go(self) -> Iterator[Run]:
        if self._held is not None:
            self._told += self._held.text
            yield self._held
            self._held, self._held_chars = None, 0


current: ContextVar[Ahead | None] = ContextVar("ahead", default=None)
"""Of the answer that this task is asking for."""


def runs(events: bytes) -> Iterator[Run]:
    run: Run | None = None
    for block in events.split(b"\n\n")[:-1]:
        chunk = _chunk(block)
        name = None if chunk is None else _text_name(chunk)
        if chunk is None or name is None:
            new = Run(None, block)
        else:
            new = Run(name, block, chunk, [chunk["choices"][0]["delta"][name]])
        # Some models begin with white space, which pydantic-ai leaves out where it is all of a delta.
        if run is not None and name is not None and run.name == name and run.texts[0].strip():
            run.texts += new.texts
        else:
            if run is not None:
                yield run
            run = new
    if run is not None:
        yield run


def _chunk(block: bytes) -> dict[str, Any] | None:
    if not block.startswith(b"data: {"):
        return None
    try:
        chunk = json.loads(block[6:])
    except (ValueError, RecursionError):
        return None
    return chunk if isinstance(chunk, dict) else None


def _text_name(chunk: dict[str, Any]) -> str | None:
    """Which text the chunk carries, where that is all it does."""
    choices = chunk.get("choices")
    if not isinstance(choices, list) or len(choices) != 1 or chunk.get("usage") or chunk.get("error"):
        return None
    choice = choices[0]
    delta = choice.get("delta") if isinstance(choice, dict) else None
    if not isinstance(delta, dict) or choice.get("finish_reason") or choice.get("logprobs") or choice.get("index"):
        return None
    names = [name for name in delta if name != "role"]
    if len(names) != 1 or names[0] not in KINDS:
        return None
    text = delta[names[0]]
    return names[0] if isinstance(text, str) and not MARKUP.fullmatch(text) else None
