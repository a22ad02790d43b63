"""todo: the agent's list of what is to be done, shown in the page."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult
from tools.labels import Detail, Labels

SIGNS = {"open": "[ ]", "doing": "[>]", "done": "[x]"}


class Item(Args):
    text: str = Field(min_length=1, max_length=500)
    state: Literal["open", "doing", "done"] = "open"


class TodoArgs(Args):
    items: list[Item] = Field(max_length=50)


def state_of(args: TodoArgs) -> dict[str, Any]:
    return {"todo": [item.model_dump() for item in args.items]}


async def todo(args: TodoArgs, _context: ToolContext) -> ToolResult:
    lines = [f"{SIGNS[item.state]} {item.text}" for item in args.items]
    return ToolResult(output="\n".join(lines) or "[the list is empty]", kept=state_of(args))


TODO = Tool(
    name="todo",
    description="Show the person your list for work of several steps; each call replaces it.",
    kind="read",
    Args=TodoArgs,
    run=todo,
    state_of=state_of,
    labels=Labels(
        icon="list",
        doing="Updating the to-do list",
        done="Updated the to-do list",
        failed="Could not update the to-do list",
        asking="update the to-do list",
        details=(Detail("items", "{done} of {count} done"),),
        view="checklist",
        rule_from="",
    ),
)
