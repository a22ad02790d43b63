"""delete_file: one file, or one link."""

from __future__ import annotations

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.errors import ToolError
from tools.files.changes import EDITABLE_BYTES, UNREAD, Change, Content
from tools.files.paths import display
from tools.files.threads import write_in_thread
from tools.files.workspace import Workspace
from tools.labels import Labels


class DeleteFileArgs(Args):
    path: str


def plan_changes(args: DeleteFileArgs, workspace: Workspace) -> list[Change]:
    """Read what will be gone, as far as it can be read. Raises PathDenied."""
    path = display(workspace.parts(args.path))
    try:
        before: Content = workspace.read(args.path, EDITABLE_BYTES)
    except ToolError:
        before = UNREAD
    return [Change(path, before, None)]


async def delete_file(args: DeleteFileArgs, context: ToolContext) -> ToolResult:
    path = await write_in_thread(context.workspace.remove, args.path)
    return ToolResult(output=f"Deleted {path}.", changed_paths=(path,))


DELETE_FILE = Tool(
    name="delete_file",
    description="Delete a file.",
    kind="write",
    Args=DeleteFileArgs,
    run=delete_file,
    plan_changes=plan_changes,
    labels=Labels(
        icon="trash",
        doing="Deleting",
        done="Deleted",
        failed="Could not delete",
        asking="delete",
        target=("path",),
    ),
)
