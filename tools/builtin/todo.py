"""todo: the agent's list of what is to be done, shown in the page."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tools.base import Args, Tool, ToolContext, ToolResult

SIGNS = {"open": "[ ]", "doing": "[>]", "done": "[x]"}


class Item(Args):
    text: str = Field(min_length=1, max_length=500)
    state: Literal["open", "doing", "done"] = "open"


class TodoArgs(Args):
    items: list[Item] = Field(max_length=50)


async def todo(args: TodoArgs, _context: ToolContext) -> ToolResult:
    items = [item.model_dump() for item in args.items]
    lines = [f"{SIGNS[item.state]} {item.text}" for item in args.items]
    return ToolResult(output="\n".join(lines) or "[the list is empty]", kept={"todo": items})


TODO = Tool(
    name="todo",
    description="Show the person your list for work of several steps; each call replaces it.",
    kind="read",
    Args=TodoArgs,
    run=todo,
)
