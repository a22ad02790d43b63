"""What every tool is made of: the tool itself, what it is given and what it answers.

Pure: the standard library and pydantic only. Django, the chats and the traces never appear here.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from tools.errors import ToolError as ToolError

if TYPE_CHECKING:
    from tools.sandbox import Sandbox
    from tools.workspace import Workspace

Kind = Literal["read", "write", "command"]
Status = Literal["ok", "error", "timeout", "denied"]

FULL_OUTPUT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class ToolResult:
    """The end of one tool call.

    `output` is all that the model sees, the error included; `error` is a sentence, and None when the call did its job.
    `full_output` is what was captured (10 MB at most), or for a change of files its unified diff; empty where it is the
    same as `output`. `changed_paths` are relative to the workspace's root. `kept` is what the agent's snapshot shall
    hold from now on, by name.
    """

    output: str
    error: str | None = None
    status: Status = "ok"
    exit_code: int | None = None
    truncated: bool = False
    full_output: bytes = b""
    changed_paths: tuple[str, ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)


async def _drop(_chunk: str) -> None:
    return None


@dataclass(frozen=True)
class ToolContext:
    """What a tool may touch while it runs.

    `emit_output` takes the output of a running command as it comes, 32 KB in all. `environment` is what the project
    adds to the allow-listed variables of a command. `timeout_s` holds where a call asks for none; it may ask for up to
    `timeout_limit_s`. Without a `sandbox` commands see all that the server sees. `owner` is whose
    commands in the background these are.
    """

    workspace: Workspace
    emit_output: Callable[[str], Awaitable[None]] = _drop
    timeout_s: float = 30.0
    timeout_limit_s: float = 600.0
    environment: Mapping[str, str] = field(default_factory=dict)
    sandbox: Sandbox | None = None
    owner: str = ""


class Args(BaseModel):
    """The base of every tool's arguments: an unknown field is an error that the model is told of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def subjects(self) -> Iterable[Sequence[str]]:
        """What a project's rules are compared with, each as words; see `tools.rules`."""
        path = getattr(self, "path", None)
        return [[path]] if path else []


A = TypeVar("A", bound=Args)


@dataclass(frozen=True)
class Tool(Generic[A]):
    """One tool: `run` gets checked arguments, and may raise ToolError for a failure that the model can act on."""

    name: str
    description: str
    kind: Kind
    Args: type[A]
    run: Callable[[A, ToolContext], Awaitable[ToolResult]]

    def parsed(self, args: Mapping[str, Any] | str) -> A:
        """The checked arguments, from an object or from its JSON text. Raises ToolError, pydantic.ValidationError."""
        return self.Args.model_validate(_as_object(args))


def _as_object(args: Mapping[str, Any] | str) -> dict[str, Any]:
    if not isinstance(args, str):
        return dict(args)
    try:
        value = json.loads(args or "{}")
    except (ValueError, RecursionError) as error:
        raise ToolError(f"The arguments are not JSON ({error}). Send them again as one JSON object.") from None
    if not isinstance(value, dict):
        raise ToolError("The arguments must be one JSON object.")
    return value
