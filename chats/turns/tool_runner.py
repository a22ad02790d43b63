"""Runs the model's tool calls: decides about each, prepares what may change files, and has it recorded."""

from dataclasses import replace
from functools import partial
from typing import Protocol

from chats.agent.stuck import Repetition
from chats.providers.base import ToolCall, ToolSchema
from snapshots import write_intents
from snapshots.capture import InitialCapture
from tools import registry as tools
from tools.base import Tool, ToolContext, ToolResult
from tools.errors import PathDenied
from tools.files.threads import in_thread
from tools.permissions.decision import Allow, Decision, Deny
from tools.permissions.second_look import decide_in_workspace

from .calls import CallRecorder
from .state import TurnState
from .tool_access import ToolAccess


class CallListener(Protocol):
    """Is told of the model's calls."""

    async def before_call(self, call: ToolCall) -> None:
        """Is called before the call is decided and recorded."""
        ...


class ToolRunner:
    """Runs the tools of one turn for the agent's loop."""

    def __init__(
        self, access: ToolAccess, calls: CallRecorder, state: TurnState, files: InitialCapture, listener: CallListener
    ) -> None:
        self.access = access
        self.calls = calls
        self.state = state
        self.files = files
        self.listener = listener
        self.schemas = [ToolSchema(**schema) for schema in tools.schemas()]

    async def run(self, call: ToolCall, repetition: Repetition) -> ToolResult:
        """Gives the call's result: decide, record, ask, run, record."""
        await self.listener.before_call(call)
        if refusal := call.refusal or repetition.refusal:
            return await self.calls.run(call, Allow("runs nothing"), partial(_refuse, refusal))
        decision = await self._decide(call, repetition)
        tool = tools.TOOLS.get(call.name)
        may_change = tool is not None and tool.kind_of(call.args) != "read"
        prepare = partial(self._prepare_change, tool, call) if tool is not None and may_change else None
        return await self.calls.run(call, decision, partial(self._execute, call, repetition), prepare)

    async def _decide(self, call: ToolCall, repetition: Repetition) -> Decision:
        workspace = self.access.workspace()
        try:
            workspace.check_root()
        except PathDenied as error:
            return Deny(str(error), "the project's folder")
        tool = tools.TOOLS.get(call.name)
        if tool is None:
            return Allow("no such tool")  # the registry tells the model what there is
        repeated = repetition.is_third_in_a_row
        mode, rules = self.access.mode, self.access.rules
        return await decide_in_workspace(workspace, mode, rules, tool, call.args, is_repeated=repeated)

    async def _execute(self, call: ToolCall, repetition: Repetition, context: ToolContext) -> ToolResult:
        result = await tools.call(call.name, call.args, context)
        if remark := repetition.remark(result):
            return replace(result, output=f"{result.output}\n{remark}")
        return result

    async def _prepare_change(self, tool: Tool, call: ToolCall) -> write_intents.Planned:
        """Waits until the files are known as the turn found them, and gives what the call is about to change."""
        await self.files.before_change()
        self.state.touch()
        if tool.kind != "write":
            return []
        return await in_thread(write_intents.plan, tool, call.args, self.access.workspace())


async def _refuse(why: str, _context: ToolContext) -> ToolResult:
    return ToolResult(output=why, error=why, status="error")
