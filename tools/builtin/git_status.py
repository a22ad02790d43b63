"""git_status: the branch and what changed."""

from __future__ import annotations

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.commands.git import git
from tools.labels import Labels


class GitStatusArgs(Args):
    pass


async def git_status(_args: GitStatusArgs, context: ToolContext) -> ToolResult:
    outcome = await git(context.workspace, "status", "--short", "--branch", "--ignore-submodules=dirty", "--", ".")
    text = outcome.capture.text()
    # The branch is the first line; without a second one nothing changed.
    clean = "" if "\n" in text.strip() else "[nothing changed]\n"
    return ToolResult(output=text + clean, truncated=outcome.capture.truncated)


GIT_STATUS = Tool(
    name="git_status",
    description="Branch and changed files, as git status --short.",
    kind="read",
    Args=GitStatusArgs,
    run=git_status,
    labels=Labels(
        icon="list",
        doing="Looking at git status",
        done="Looked at git status",
        failed="Could not ask git for its status",
        asking="look at git status",
        rule_from="",
    ),
)
