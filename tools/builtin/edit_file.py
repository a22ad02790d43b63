"""edit_file: exact replacements in one file, all or none."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.errors import ToolError
from tools.files.changes import EDITABLE_BYTES, Change, make_changes
from tools.files.paths import display
from tools.files.replace import replace
from tools.files.threads import write_in_thread
from tools.files.unified_diff import is_binary
from tools.files.workspace import Workspace
from tools.labels import Labels

_EDIT_FIELDS = ("old", "new", "all")


class Edit(Args):
    old: str
    new: str
    all: bool = Field(False, description="every match")


class EditFileArgs(Args):
    path: str
    edits: list[Edit] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _one_edit_without_a_list(cls, value: Any) -> Any:
        """Many models write a single edit as `{path, old, new}`; the meaning is plain, so it is taken."""
        if isinstance(value, dict) and value.get("edits") is None and "old" in value:
            edit = {name: value[name] for name in _EDIT_FIELDS if name in value}
            return {**{name: item for name, item in value.items() if name not in _EDIT_FIELDS}, "edits": [edit]}
        return value


def plan_changes(args: EditFileArgs, workspace: Workspace) -> list[Change]:
    """Make the replacements in the file's text. Raises ToolError."""
    before = workspace.read(args.path, EDITABLE_BYTES)
    if is_binary(before):
        raise ToolError(f"{args.path} is a binary file: it cannot be edited as text.")
    # Bytes that are no UTF-8 pass through unharmed.
    text = before.decode(errors="surrogateescape")
    notes = []
    for number, edit in enumerate(args.edits, start=1):
        try:
            replaced = replace(text, edit.old, edit.new, every=edit.all)
        except ToolError as error:
            which = f"Edit {number} of {len(args.edits)}: " if len(args.edits) > 1 else ""
            raise ToolError(f"{which}{error} {args.path} was not changed.") from None
        text = replaced.text
        if replaced.note:
            notes.append(replaced.note)
    return [Change(display(workspace.parts(args.path)), before, _encode(text), " ".join(notes))]


def _encode(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise ToolError("`new` has a broken character (a lone surrogate) in it.") from None


async def edit_file(args: EditFileArgs, context: ToolContext) -> ToolResult:
    return await write_in_thread(lambda: make_changes(context.workspace, plan_changes(args, context.workspace)))


EDIT_FILE = Tool(
    name="edit_file",
    description="Replace text in a file. Each `old` must be there exactly once, as read_file shows it without the "
    "line numbers. All edits are made, or none.",
    kind="write",
    Args=EditFileArgs,
    run=edit_file,
    plan_changes=plan_changes,
    labels=Labels(
        icon="pencil",
        doing="Editing",
        done="Edited",
        failed="Could not edit",
        asking="edit",
        target=("path",),
        view="replacement",
    ),
)
