"""apply_patch: a unified diff over several files, all or none."""

from __future__ import annotations

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.blocking import to_the_end
from tools.changes import EDITABLE_BYTES, Change, make
from tools.errors import ToolError
from tools.patching import FilePatch, apply_hunks, read_patch
from tools.paths import display
from tools.workspace import Workspace


class ApplyPatchArgs(Args):
    patch: str = Field(min_length=1, description="--- a/x\n+++ b/x\n@@ …")

    def subjects(self) -> list[list[str]]:
        return [[file.path] for file in read_patch(self.patch)]


def plan(workspace: Workspace, args: ApplyPatchArgs) -> list[Change]:
    """What the call would change. Raises ToolError."""
    changes: dict[str, Change] = {}
    for file in read_patch(args.patch):
        path = display(workspace.parts(file.path))
        earlier = changes.get(path)
        before = earlier.before if earlier else workspace.read_or_none(path, EDITABLE_BYTES)
        change = _change(path, before, earlier.after if earlier else before, file)
        changes[path] = change
    return list(changes.values())


def _change(path: str, before: bytes | None, now: bytes | None, file: FilePatch) -> Change:
    if file.old is None and now is not None:
        raise ToolError(f"{path} exists already, and the patch makes it new. Nothing was changed.")
    if file.old is not None and now is None:
        raise ToolError(f"{path} does not exist. For a new file the first name is /dev/null. Nothing was changed.")
    if b"\0" in (now or b"")[:8_192]:
        raise ToolError(f"{path} is a binary file: it cannot be patched as text.")
    try:
        # Bytes that are no UTF-8 pass through unharmed.
        text, notes = apply_hunks((now or b"").decode(errors="surrogateescape"), file)
        after = text.encode(errors="surrogateescape")
    except ToolError as error:
        raise ToolError(f"{error} Nothing was changed.") from None
    except UnicodeEncodeError:
        raise ToolError("The patch has a broken character (a lone surrogate) in it.") from None
    return Change(path, before, None if file.new is None else after, " ".join(notes))


async def apply_patch(args: ApplyPatchArgs, context: ToolContext) -> ToolResult:
    return await to_the_end(lambda: make(context.workspace, plan(context.workspace, args)))


APPLY_PATCH = Tool(
    name="apply_patch",
    description="Apply a unified diff to files, all or none; /dev/null for a new or deleted one.",
    kind="write",
    Args=ApplyPatchArgs,
    run=apply_patch,
)
