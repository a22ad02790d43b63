"""write_file: a whole file, made or replaced."""

from __future__ import annotations

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.blocking import to_the_end
from tools.changes import EDITABLE_BYTES, Change, make
from tools.paths import display
from tools.workspace import Workspace


class WriteFileArgs(Args):
    path: str
    content: str = Field(description="the whole content")


def plan(workspace: Workspace, args: WriteFileArgs) -> Change:
    """What the call would change. Raises ToolError."""
    before = workspace.read_or_none(args.path, EDITABLE_BYTES)
    content, note = args.content, ""
    if before and b"\r\n" in before and before.count(b"\n") == before.count(b"\r\n") and "\r" not in content:
        content, note = content.replace("\n", "\r\n"), "The file's CRLF line endings were kept."
    return Change(display(workspace.parts(args.path)), before, content.encode(errors="replace"), note)


async def write_file(args: WriteFileArgs, context: ToolContext) -> ToolResult:
    return await to_the_end(lambda: make(context.workspace, [plan(context.workspace, args)]))


WRITE_FILE = Tool(
    name="write_file",
    description="Make a file or replace its whole content; missing directories are made.",
    kind="write",
    Args=WriteFileArgs,
    run=write_file,
)
