"""git_diff: the working tree against the index, or against a commit."""

from __future__ import annotations

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.commands.git import NO_GIT_IN_SUBMODULES, git
from tools.commands.git_hardening import DIFF_OPTIONS
from tools.files.paths import display
from tools.labels import Labels


class GitDiffArgs(Args):
    path: str = "."
    commit: str = Field("", pattern=r"^[^-\s][^\s]*$|^$", description="compare with")
    staged: bool = False


async def git_diff(args: GitDiffArgs, context: ToolContext) -> ToolResult:
    path = display(context.workspace.parts(args.path))
    options = [*DIFF_OPTIONS, *NO_GIT_IN_SUBMODULES, *(["--cached"] if args.staged else [])]
    # Asked first, because outside a repository `git diff` compares any two files, of the whole disk.
    commit = await _commit(args.commit, context)
    outcome = await git(context.workspace, "diff", *options, *commit, "--", path)
    capture = outcome.capture
    return ToolResult(
        output=capture.text() or "[no difference; files that git does not track are not compared]",
        truncated=capture.truncated,
        full_output=capture.full() if capture.truncated else b"",
    )


async def _commit(name: str, context: ToolContext) -> list[str]:
    """The commit's full name, nothing for no name. Raises ToolError where there is no such commit or no repository."""
    if not name:
        await git(context.workspace, "rev-parse", "--git-dir")
        return []
    outcome = await git(context.workspace, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    return [outcome.capture.text().split()[-1]]


GIT_DIFF = Tool(
    name="git_diff",
    description="Unified diff of tracked files.",
    kind="read",
    Args=GitDiffArgs,
    run=git_diff,
    labels=Labels(
        icon="list",
        doing="Looking at the git diff",
        done="Looked at the git diff",
        failed="Could not ask git for a diff",
        asking="look at the git diff",
        target=("path",),
    ),
)
