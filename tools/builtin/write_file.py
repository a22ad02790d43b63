"""write_file: a whole file, made or replaced."""

from __future__ import annotations

from codecs import BOM_UTF8

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.files.changes import EDITABLE_BYTES, Change, make_changes
from tools.files.paths import display
from tools.files.threads import write_in_thread
from tools.files.workspace import Workspace
from tools.labels import Labels


class WriteFileArgs(Args):
    path: str
    content: str = Field(description="the whole content")


def plan_changes(args: WriteFileArgs, workspace: Workspace) -> list[Change]:
    """Compare the new content with the file. Raises ToolError."""
    before = workspace.read_or_none(args.path, EDITABLE_BYTES)
    content, note = args.content, ""
    if before and b"\r\n" in before and before.count(b"\n") == before.count(b"\r\n") and "\r" not in content:
        content, note = content.replace("\n", "\r\n"), "The file's CRLF line endings were kept."
    if before and before.startswith(BOM_UTF8) and not content.startswith("\ufeff"):
        content, note = f"\ufeff{content}", f"{note} The file's byte order mark was kept.".strip()
    return [Change(display(workspace.parts(args.path)), before, content.encode(errors="replace"), note)]


async def write_file(args: WriteFileArgs, context: ToolContext) -> ToolResult:
    return await write_in_thread(lambda: make_changes(context.workspace, plan_changes(args, context.workspace)))


WRITE_FILE = Tool(
    name="write_file",
    description="Make a file or replace its whole content; missing directories are made.",
    kind="write",
    Args=WriteFileArgs,
    run=write_file,
    plan_changes=plan_changes,
    labels=Labels(
        icon="pencil",
        doing="Writing",
        done="Wrote",
        failed="Could not write",
        asking="write",
        target=("path",),
        view="content",
    ),
)
