"""Gives a turn's tools what they may use of the project: its workspace, its sandbox, its limits and its rules."""

from collections.abc import Awaitable, Callable, Mapping

from django.conf import settings

from boocode.db.threads import in_database
from chats.agent.prompts import Surroundings
from chats.models import Chat
from tools.base import ToolContext
from tools.check.run import find_check
from tools.commands import sandbox
from tools.files.threads import in_thread
from tools.files.workspace import Workspace
from tools.permissions.decision import Mode
from tools.permissions.rules import Rule
from tools.project_instructions import read_instructions

from . import approvals


class ToolAccess:
    """Holds what the tools of one turn may use. Commands in the background belong to the chat."""

    def __init__(self, chat: Chat, project_rules: list[Rule]) -> None:
        project = chat.session.project
        self.root = chat.workspace.root
        self.mode: Mode = project.approval  # type: ignore[assignment]
        self.rules = project_rules
        self._project_id = project.pk
        self._command_limit_s = project.command_limit_s
        self._owner = str(chat.pk)
        self._sandbox = sandbox.choose(settings.SANDBOX, network=project.network, hidden=[settings.DATA_DIR])

    def workspace(self) -> Workspace:
        """Opens the folder; each use of it walks down from the root anew."""
        return Workspace(self.root, protected=[settings.DATA_DIR])

    def context(self, emit: Callable[[str], Awaitable[None]], environment: Mapping[str, str]) -> ToolContext:
        """Gives what a tool needs to run one call."""
        return ToolContext(
            workspace=self.workspace(),
            emit_output=emit,
            timeout_limit_s=self._command_limit_s,
            environment=environment,
            sandbox=self._sandbox,
            owner=self._owner,
        )

    async def reload_rules(self) -> None:
        """Reads the project's rules again: a person has added one."""
        self.rules = await in_database(approvals.rules_of, self._project_id)

    async def surroundings(self, check_setting: str) -> Surroundings:
        """Gives what the model is told of the project."""
        workspace = self.workspace()
        check = await find_check(workspace, check_setting)
        return Surroundings(
            self.root,
            self.mode,
            check=check.shown if check else "",
            sandbox=None if self._sandbox is None else self._sandbox.network,
            rules=await in_thread(read_instructions, workspace),
        )
