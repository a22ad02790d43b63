"""delete_file: one file, or one link."""

from __future__ import annotations

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.blocking import to_the_end


class DeleteFileArgs(Args):
    path: str


async def delete_file(args: DeleteFileArgs, context: ToolContext) -> ToolResult:
    path = await to_the_end(context.workspace.remove, args.path)
    return ToolResult(output=f"Deleted {path}.", changed_paths=(path,))


DELETE_FILE = Tool(
    name="delete_file",
    description="Delete a file.",
    kind="write",
    Args=DeleteFileArgs,
    run=delete_file,
)
