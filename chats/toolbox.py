"""The tools, bound to one project and one turn: what may run, where, and the check of what was changed."""

from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings

from boocode.database import in_database
from snapshots import writes
from snapshots.taking import Beginning
from tools import policy, rules, sandbox
from tools import registry as tools
from tools.base import ToolContext, ToolResult
from tools.blocking import in_thread
from tools.checking import find_check
from tools.doubts import doubt
from tools.errors import PathDenied
from tools.paths import display
from tools.planning import preview
from tools.rules_files import read_rules_files
from tools.workspace import Workspace
from traces import recorder

from . import approvals, wire
from .build_check import BuildCheck
from .journal import TurnJournal
from .models import Approval, Project
from .prompts import Surroundings
from .providers.base import ToolCall, ToolSchema


class ProjectToolbox:
    """The tools, bound to one project."""

    def __init__(self, project: Project, rules: list[rules.Rule], journal: TurnJournal, files: Beginning) -> None:
        self.root = project.root
        self.command_limit_s = project.command_limit_s
        self.approval: policy.Approval = project.approval  # type: ignore[assignment]
        self.rules = rules
        self.journal = journal
        self.files = files
        self.recent: list[tuple[str, object, str]] = []
        self.schemas = [ToolSchema(**schema) for schema in tools.schemas()]
        self.sandbox = sandbox.choose(settings.SANDBOX, network=project.network, hidden=[settings.DATA_DIR])
        asks = self.approval == "ask"
        self.check = BuildCheck(journal.turn, project.check_command, asks, journal, self, files.before_change)

    async def surroundings(self) -> Surroundings:
        """What the model is told of the project."""
        workspace = self.workspace()
        check = await find_check(workspace, self.check.setting)
        return Surroundings(
            self.root,
            self.approval,
            check=check.shown if check else "",
            sandbox=None if self.sandbox is None else self.sandbox.network,
            rules=await in_thread(read_rules_files, workspace),
        )

    async def before(self, call: ToolCall) -> None:
        await self.check.before(call)

    async def objection(self) -> str:
        return await self.check.after()

    def workspace(self) -> Workspace:
        return Workspace(self.root, protected=[settings.DATA_DIR])

    def context(self, call: ToolCall, workspace: Workspace) -> ToolContext:
        async def emit(chunk: str) -> None:
            self.journal.output(call, chunk)

        return ToolContext(
            workspace=workspace,
            emit_output=emit,
            timeout_limit_s=self.command_limit_s,
            environment=self.journal.environment(),
            sandbox=self.sandbox,
            owner=str(self.journal.chat_id),
        )

    async def run(self, call: ToolCall) -> ToolResult:
        workspace = self.workspace()
        try:
            workspace.check_root()
        except PathDenied as error:
            return ToolResult(output=str(error), error=str(error), status="denied")
        if denied := await self.denied(call, workspace):
            return ToolResult(output=denied, error=denied, status="denied")
        if (tool := tools.TOOLS.get(call.name)) and tool.kind != "read":
            await self.files.before_change()
            self.journal.touched = True
            planned = await in_thread(writes.plan, tool.name, call.args, workspace) if tool.kind == "write" else []
            await self.journal.starts(planned)
        result = await tools.call(call.name, call.args, self.context(call, workspace))
        self.recent = [*self.recent[-1:], (call.name, call.args, result.output)]
        return _told(result)

    async def denied(self, call: ToolCall, workspace: Workspace) -> str:
        """Why the call must not run; empty where it may. Asks the person where the project wants that."""
        tool = tools.TOOLS.get(call.name)
        if tool is None:
            return ""  # the registry tells the model what there is
        general = policy.decide(self.approval, tool, call.args, workspace.reaches)
        subjects = rules.subjects_of(tool, call.args)
        if general.verdict == "deny":
            if not general.unless_ruled or rules.verdict(self.rules, tool.name, subjects) not in ("allow", "ask"):
                return general.reason
            general = policy.Decision("ask", "This line is for a shell, which may do anything with it.")
        if tool.kind == "command":
            general = await self._looked_at_twice(general, call, subjects, workspace)
        else:
            # By where a path leads: neither `./a`, nor an absolute path, nor a link is a way around a rule.
            subjects = [[display(workspace.real(path))] for [path] in subjects]
        if self.approval == "ask" and self._comes_to_nothing(call):
            # Whatever the rules allow: a third time in a row is no progress, unless a person says so.
            again = policy.Decision(
                "ask", f"{tool.name} is called with the same arguments for the third time in a row."
            )
            denials = [rule for rule in self.rules if rule.verdict == "deny"]
            return await self.refused(tool.name, subjects, again, denials)
        return await self.refused(tool.name, subjects, general)

    async def _looked_at_twice(
        self, general: policy.Decision, call: ToolCall, subjects: list[list[str]], workspace: Workspace
    ) -> policy.Decision:
        """A command that is allowed for its arguments, or a question where it could do more than they say."""
        if self.approval != "ask" or general != policy.ALLOW or not subjects:
            return general
        directory = tools.TOOLS[call.name].parsed(call.args).directory
        why = await doubt(workspace, subjects[0], directory)
        return policy.Decision("ask", why) if why else general

    def _comes_to_nothing(self, call: ToolCall) -> bool:
        """Whether the two calls before were this one, with the same result."""
        first, last = (self.recent[0], self.recent[-1]) if len(self.recent) == 2 else (None, None)
        return last is not None and first == last and last[:2] == (call.name, call.args)

    async def refused(
        self,
        tool: str,
        subjects: Sequence[Sequence[str]],
        general: policy.Decision,
        only: Sequence[rules.Rule] | None = None,
    ) -> str:
        """Why the call that is recorded must not run, by the project's rules (`only` these) and the person; empty where
        it may."""
        verdict = rules.verdict(self.rules if only is None else only, tool, subjects) or general.verdict
        if verdict == "deny":
            return f"A rule of this project denies this call of {tool}."
        if verdict == "allow":
            return ""
        assert self.journal.running is not None
        call, _trace = self.journal.running
        diff = await in_thread(preview, call.name, call.args, self.workspace())
        why = general.reason or f"A rule of this project asks before this call of {tool}."
        approval = await self.journal.ask(why, diff)
        if approval.decision == Approval.Decision.DENY:
            return f"The person denied this call. {approval.note}".strip()
        if approval.decision == Approval.Decision.ALWAYS:
            self.rules = await in_database(approvals.rules_of, self.journal.project_id)
        return ""


def _told(result: ToolResult) -> ToolResult:
    """With `output` as the model sees it: the error first, where there is one, and without this server's secrets."""
    text = wire.clean(result.output)
    if result.error and result.error not in text:
        text = f"Error: {wire.clean(result.error)}" + (f"\n{text}" if text else "")
    return replace(result, output=recorder.redactor().text(text))
