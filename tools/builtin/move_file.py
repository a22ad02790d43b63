"""move_file: another name for a file or directory."""

from __future__ import annotations

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.files.changes import UNREAD, Change
from tools.files.paths import display
from tools.files.threads import write_in_thread
from tools.files.workspace import Workspace
from tools.labels import Labels


class MoveFileArgs(Args):
    path: str
    to: str

    def touched_paths(self) -> list[str]:
        return [self.path, self.to]


def plan_changes(args: MoveFileArgs, workspace: Workspace) -> list[Change]:
    """Name both ends; the content, which may be a whole directory, stays as it is. Raises PathDenied."""
    old, new = (display(workspace.parts(path)) for path in (args.path, args.to))
    return [Change(old, UNREAD, None), Change(new, None, UNREAD)]


async def move_file(args: MoveFileArgs, context: ToolContext) -> ToolResult:
    old, new = await write_in_thread(context.workspace.rename, args.path, args.to)
    return ToolResult(output=f"Moved {old} to {new}.", changed_paths=(old, new))


MOVE_FILE = Tool(
    name="move_file",
    description="Move or rename a file or directory; `to` must be free.",
    kind="write",
    Args=MoveFileArgs,
    run=move_file,
    plan_changes=plan_changes,
    labels=Labels(
        icon="file",
        doing="Moving",
        done="Moved",
        failed="Could not move",
        asking="move",
        target=("path", "to"),
        rule_from="",
    ),
)
