"""What reading an answer has in common, whatever the protocol. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Protocol
from uuid import uuid4

from chats.providers.base import ModelEvent, ToolCall, ToolSchema, TranscriptItem, Usage
from chats.providers.errors import AnswerError

MAX_ARGS_CHARS = 1024 * 1024
SHOWN_ARGS_CHARS = 2 * 1024
TOO_LARGE = (
    "Not run: the arguments are larger than 1 MB. Send less in one call: make a large file in parts, with write_file "
    "for the first and edit_file for the rest, or change only what has to change."
)
NO_KEY = "none"
"""Local servers ask for no key, but some insist on being sent one."""


class AnswerReader(Protocol):
    """Reads one answer, event by event."""

    is_over: bool
    """The protocol's own end has come: nothing follows that matters."""

    def read(self, event: Any) -> Iterable[ModelEvent]:
        """The deltas in an event. Raises AnswerError."""
        ...

    def read_whole(self, answer: Any) -> Iterable[ModelEvent]:
        """The deltas in an answer that came in one piece: some servers do not stream. Raises AnswerError."""
        ...

    def end(self) -> Iterable[ModelEvent]:
        """The tool calls and the end of the step. Raises AnswerError where the answer was cut or refused."""
        ...


@dataclass
class Call:
    """A tool call while its pieces come."""

    id: str
    name: str
    pieces: list[str] = field(default_factory=list)
    args: dict[str, Any] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    _size: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether the arguments that came are an object: nothing can be missing."""
        if self.args is not None:
            return True
        ends = bool(self.pieces) and self.pieces[-1].rstrip().endswith("}")
        return ends and isinstance(read_args("".join(self.pieces)), dict)

    def add(self, text: str) -> None:
        """Adds to the arguments. Some servers send all of them so far each time: no object begins with another."""
        if len(self.pieces) == 1 and self.pieces[0].startswith("{") and text.startswith(self.pieces[0]):
            self.replace_args(text)
            return
        self._size += len(text)
        if self._size <= MAX_ARGS_CHARS:  # the rest would only be memory
            self.pieces.append(text)

    def replace_args(self, text: str) -> None:
        """Takes these arguments in the place of those so far."""
        self.pieces, self._size = [text], len(text)

    def whole(self) -> ToolCall:
        id = self.id or f"call_{uuid4().hex}"
        text = "".join(self.pieces) if self.args is None else json.dumps(self.args)
        if max(len(text), self._size) > MAX_ARGS_CHARS:
            return ToolCall(id, self.name, text[:SHOWN_ARGS_CHARS], TOO_LARGE)
        return ToolCall(id, self.name, read_args(text) if self.args is None else self.args)


class Adapter(Protocol):
    """Speaks one protocol for one model."""

    url: str
    headers: dict[str, str]

    def write_request(
        self, system: str, transcript: Sequence[TranscriptItem], tools: Sequence[ToolSchema]
    ) -> bytes: ...

    def read_answer(self) -> AnswerReader: ...


DONE = b"[DONE]"


def read_json(data: bytes) -> Any:
    """The value of an event's data. Raises AnswerError where it is no JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        pass
    raise AnswerError("unreadable")


def read_args(args: object) -> dict[str, Any] | str:
    """A call's arguments as an object, or as the text that the model sent where that is none."""
    if isinstance(args, dict):
        return args
    if not isinstance(args, str) or not args.strip():
        return {}
    try:
        value = json.loads(args)
    except (ValueError, RecursionError):
        return args
    return value if isinstance(value, dict) else args


def write_args(call: ToolCall) -> str:
    """A call's arguments as a JSON text; what is no object is sent as one, because servers parse it."""
    return json.dumps(as_object(call.args), ensure_ascii=False, separators=(",", ":"))


def as_object(args: dict[str, Any] | str) -> dict[str, Any]:
    return args if isinstance(args, dict) else {"INVALID_JSON": args}


def count(value: object, *names: str) -> int | None:
    """The number under the first of `names` that has one; `a.b` is inside of an object."""
    for name in names:
        found: Any = value
        for key in name.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, int | float) and not isinstance(found, bool) and isfinite(found):
            return round(found)  # some count in fractions
    return None


def known_usage(usage: Usage) -> Usage:
    """`usage`, or nothing where the server counted nothing."""
    return usage if usage.prompt_tokens or usage.completion_tokens else Usage()


def json_headers(key: str) -> dict[str, str]:
    """The headers of a request with a JSON body. Servers that need no key mind none."""
    return {"authorization": f"Bearer {key or NO_KEY}", "content-type": "application/json"}
