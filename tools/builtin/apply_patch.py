"""apply_patch: a unified diff over several files, all or none."""

from __future__ import annotations

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.errors import ToolError
from tools.files.changes import EDITABLE_BYTES, Change, make_changes
from tools.files.patch import apply_hunks
from tools.files.patch_reader import FilePatch, read_patch
from tools.files.paths import display
from tools.files.threads import write_in_thread
from tools.files.unified_diff import is_binary
from tools.files.workspace import Workspace
from tools.labels import Labels


class ApplyPatchArgs(Args):
    patch: str = Field(min_length=1, description="--- a/x\n+++ b/x\n@@ …")

    def touched_paths(self) -> list[str]:
        return [file.path for file in read_patch(self.patch)]


def plan_changes(args: ApplyPatchArgs, workspace: Workspace) -> list[Change]:
    """Apply the hunks to the files' texts. Raises ToolError."""
    before: dict[str, bytes | None] = {}
    now: dict[str, bytes | None] = {}
    notes: dict[str, str] = {}
    for file in read_patch(args.patch):
        path = display(workspace.parts(file.path))
        if path not in before:
            before[path] = now[path] = workspace.read_or_none(path, EDITABLE_BYTES)
        now[path], notes[path] = _patch(path, now[path], file)
    return [Change(path, before[path], now[path], notes[path]) for path in before]


def _patch(path: str, now: bytes | None, file: FilePatch) -> tuple[bytes | None, str]:
    """The file's content after the patch, and a note on what was not exactly as the patch said."""
    if file.old is None and now is not None:
        raise ToolError(f"{path} exists already, and the patch makes it new. Nothing was changed.")
    if file.old is not None and now is None:
        raise ToolError(f"{path} does not exist. For a new file the first name is /dev/null. Nothing was changed.")
    if is_binary(now or b""):
        raise ToolError(f"{path} is a binary file: it cannot be patched as text.")
    try:
        # Bytes that are no UTF-8 pass through unharmed.
        text, notes = apply_hunks((now or b"").decode(errors="surrogateescape"), file)
        after = text.encode(errors="surrogateescape")
    except ToolError as error:
        raise ToolError(f"{error} Nothing was changed.") from None
    except UnicodeEncodeError:
        raise ToolError("The patch has a broken character (a lone surrogate) in it.") from None
    if file.new is not None:
        return after, " ".join(notes)
    if after:
        raise ToolError(
            f"{path} has other content, {len(after.splitlines())} lines more than the patch removes. To delete it all "
            "the same use delete_file. Nothing was changed."
        )
    return None, " ".join(notes)


async def apply_patch(args: ApplyPatchArgs, context: ToolContext) -> ToolResult:
    return await write_in_thread(lambda: make_changes(context.workspace, plan_changes(args, context.workspace)))


APPLY_PATCH = Tool(
    name="apply_patch",
    description="Apply a unified diff to files, all or none; /dev/null for a new or deleted one.",
    kind="write",
    Args=ApplyPatchArgs,
    run=apply_patch,
    plan_changes=plan_changes,
    labels=Labels(
        icon="pencil",
        doing="Patching",
        done="Patched",
        failed="Could not patch",
        asking="patch",
        target=("paths",),
        view="patch",
        rule_from="",
    ),
)
