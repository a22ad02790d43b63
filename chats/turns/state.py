"""Holds what a turn has done so far, as plain values that its recorder, its calls and its check share."""

from collections.abc import Mapping, Sequence
from typing import Any

from chats.providers.base import ToolCall
from tools.base import ToolResult
from traces.record.recorder import Step


class TurnState:
    """Holds the progress of one turn in this process. It changes by its methods only."""

    def __init__(self, steps: int = 0, *, touched: bool = False) -> None:
        self.steps = steps
        """Model steps so far."""
        self.last_step: Step | None = None
        """The last step that ended, with what it cost."""
        self.pending_calls: dict[str, ToolCall] = {}
        """The last step's calls that have no result yet, by id."""
        self.changed_paths: set[str] = set()
        self.ran_commands = False
        self.touched = touched
        """Whether anything may have changed the workspace's files."""
        self.check = ""
        """How the project's check ended: green, red or unchecked; empty where nothing was written."""
        self.agent_state: dict[str, Any] = {}
        """What the agent snapshot keeps beside the turn's progress, by name."""

    def restore(self, agent_state: Mapping[str, Any], last_step: Step | None, pending: Sequence[ToolCall]) -> None:
        """Goes on from what is on record of the turn and its chat."""
        self.agent_state = {**agent_state, **self.agent_state}
        if last_step is not None:
            self.end_step(last_step, pending)

    def count_step(self) -> int:
        """Counts a step that begins, and gives its number, from 1."""
        self.steps += 1
        return self.steps

    def end_step(self, step: Step, calls: Sequence[ToolCall]) -> None:
        """Remembers the step that ended and the calls it made."""
        self.last_step = step
        self.pending_calls = {call.id: call for call in calls}

    def touch(self) -> None:
        """Notes that a call which may change files is about to run."""
        self.touched = True

    def end_call(self, call: ToolCall, result: ToolResult) -> None:
        """Remembers what a call changed."""
        self.pending_calls.pop(call.id, None)
        self.changed_paths.update(result.changed_paths)
        self.agent_state |= result.kept
        self.ran_commands |= result.exit_code is not None

    def drop_calls(self) -> list[str]:
        """Gives the ids of the calls without a result, which will not run any more."""
        ids = list(self.pending_calls)
        self.pending_calls = {}
        return ids

    def end_check(self, colour: str, public: Mapping[str, Any], name: str) -> None:
        """Remembers how the project's check stands; `public` goes into the agent snapshot under `name`."""
        self.check = colour
        self.agent_state[name] = dict(public)
