"""Defines a tool as one object: its arguments, what it does, and all that anybody asks about a call before it runs.

Pure: the standard library and pydantic only. Django, the chats and the traces never appear here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from tools.errors import ToolError as ToolError
from tools.labels import UNLABELLED, Labels

if TYPE_CHECKING:
    from tools.commands.sandbox import Sandbox
    from tools.files.changes import Change
    from tools.files.workspace import Workspace

logger = logging.getLogger(__name__)

Kind = Literal["read", "write", "command"]
Status = Literal["ok", "error", "timeout", "denied"]

FULL_OUTPUT_BYTES = 10 * 1024 * 1024
PREVIEW_CHARS = 64 * 1024


@dataclass(frozen=True)
class ToolResult:
    """Holds how one tool call ended.

    `output` is all that the model sees, the error included; `error` is a sentence, and None when the call did its job.
    `full_output` is what was captured (10 MB at most), or for a change of files its unified diff; empty where it is the
    same as `output`. `changed_paths` are relative to the workspace's root. `kept` is what the agent snapshot holds from
    now on, by name.
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
    """Holds what a tool may touch while it runs.

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
    """Is the base of every tool's arguments: an unknown field is an error that the model is told of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, value: Any) -> Any:
        """Takes null for an argument that may be left out as left out: strict schemas make models send it."""
        if not isinstance(value, dict):
            return value
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {name: item for name, item in value.items() if item is not None or name not in optional}

    @property
    def argv(self) -> list[str]:
        """Gives the program that the call starts, with its arguments; empty where it starts none."""
        return []

    def touched_paths(self) -> list[str]:
        """Gives the paths that the call is about, as the model wrote them."""
        path = getattr(self, "path", None)
        return [path] if path else []


A = TypeVar("A", bound=Args)
RawArgs = Mapping[str, Any] | str
"""Arguments as a model sends them: an object, or its JSON text."""


@dataclass(frozen=True)
class Tool(Generic[A]):
    """Describes one tool, and answers all that is asked about its calls.

    `run` gets checked arguments, and may raise ToolError for a failure that the model can act on. `kind` says what the
    tool may do; a call whose arguments make it more than that is told by `kind_by_args`. `plan_changes` says what a
    call would do to files, and may raise ToolError: it is for tools that write. `state_of` gives what the agent
    snapshot keeps of the latest call, by name. BooCode itself makes the calls of a tool that the model may not call.
    """

    name: str
    description: str
    kind: Kind
    Args: type[A]
    run: Callable[[A, ToolContext], Awaitable[ToolResult]]
    labels: Labels = UNLABELLED
    plan_changes: Callable[[A, Workspace], list[Change]] | None = None
    kind_by_args: Callable[[A], Kind] | None = None
    state_of: Callable[[A], Mapping[str, Any]] | None = None
    starts_program: bool = False
    model_may_call: bool = True

    def parse(self, args: RawArgs) -> A:
        """Checks the arguments. Raises ToolError, pydantic.ValidationError."""
        return self.Args.model_validate(_as_object(args))

    def try_parse(self, args: RawArgs) -> A | None:
        """Checks the arguments; gives None where the tool would refuse them."""
        try:
            return self.parse(args)
        except (ValidationError, ToolError):
            return None

    def kind_of(self, args: RawArgs) -> Kind:
        """Tells what a call with these arguments may do; the tool's own kind where it would refuse them."""
        checked = self.try_parse(args) if self.kind_by_args else None
        return self.kind if checked is None or self.kind_by_args is None else self.kind_by_args(checked)

    def paths(self, args: RawArgs) -> list[str]:
        """Gives the paths that a call is about; none where the tool would refuse the arguments."""
        try:
            return self.parse(args).touched_paths()
        except (ValidationError, ToolError):
            return []
        except Exception:
            logger.exception("The paths of a call of %s could not be told", self.name)
            return []

    def changes(self, args: RawArgs, workspace: Workspace) -> list[Change]:
        """Tells what a call would do to files; nothing where it would fail. Blocking."""
        if self.plan_changes is None:
            return []
        try:
            return self.plan_changes(self.parse(args), workspace)
        except (ToolError, ValueError, OSError):
            return []
        except Exception:
            # Only the plan fails: the call itself runs, or says why not.
            logger.exception("The changes of a call of %s could not be told", self.name)
            return []

    def preview(self, args: RawArgs, workspace: Workspace) -> str:
        """Gives the unified diff of what a call would do, its first 64 K; empty where there is none. Blocking."""
        return "".join(change.diff for change in self.changes(args, workspace))[:PREVIEW_CHARS]

    def snapshot_state(self, args: RawArgs) -> Mapping[str, Any]:
        """Gives what the agent snapshot keeps of a call, by name."""
        checked = self.try_parse(args) if self.state_of else None
        return {} if checked is None or self.state_of is None else self.state_of(checked)


def _as_object(args: RawArgs) -> dict[str, Any]:
    if not isinstance(args, str):
        return dict(args)
    try:
        value = json.loads(args or "{}")
    except (ValueError, RecursionError) as error:
        raise ToolError(f"The arguments are not JSON ({error}). Send them again as one JSON object.") from None
    if not isinstance(value, dict):
        raise ToolError("The arguments must be one JSON object.")
    return value
