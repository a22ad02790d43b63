"""edit_file: exact replacements in one file, all or none."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.blocking import to_the_end
from tools.changes import EDITABLE_BYTES, Change, make
from tools.errors import ToolError
from tools.matching import replace
from tools.paths import display
from tools.workspace import Workspace

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
        if isinstance(value, dict) and "edits" not in value and "old" in value:
            edit = {name: value[name] for name in _EDIT_FIELDS if name in value}
            return {**{name: item for name, item in value.items() if name not in _EDIT_FIELDS}, "edits": [edit]}
        return value


def plan(workspace: Workspace, args: EditFileArgs) -> Change:
    """What the call would change. Raises ToolError."""
    before = workspace.read(args.path, EDITABLE_BYTES)
    if b"\0" in before[:8_192]:
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
    return Change(display(workspace.parts(args.path)), before, _encoded(text), " ".join(notes))


def _encoded(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise ToolError("`new` has a broken character (a lone surrogate) in it.") from None


async def edit_file(args: EditFileArgs, context: ToolContext) -> ToolResult:
    return await to_the_end(lambda: make(context.workspace, [plan(context.workspace, args)]))


EDIT_FILE = Tool(
    name="edit_file",
    description="Replace text in a file. Each `old` must be there exactly once, as read_file shows it without the "
    "line numbers. All edits are made, or none.",
    kind="write",
    Args=EditFileArgs,
    run=edit_file,
)
