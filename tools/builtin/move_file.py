"""move_file: another name for a file or directory."""

from __future__ import annotations

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.blocking import to_the_end


class MoveFileArgs(Args):
    path: str
    to: str

    def subjects(self) -> list[list[str]]:
        return [[self.path], [self.to]]


async def move_file(args: MoveFileArgs, context: ToolContext) -> ToolResult:
    old, new = await to_the_end(context.workspace.rename, args.path, args.to)
    return ToolResult(output=f"Moved {old} to {new}.", changed_paths=(old, new))


MOVE_FILE = Tool(
    name="move_file",
    description="Move or rename a file or directory; `to` must be free.",
    kind="write",
    Args=MoveFileArgs,
    run=move_file,
)
