"""background: what runs in the background, its output since the last look, its end."""

from __future__ import annotations

from pydantic import Field

from tools.base import Args, Kind, Tool, ToolContext, ToolResult
from tools.commands.background import BACKGROUND
from tools.labels import Detail, Labels, Variant


class BackgroundArgs(Args):
    id: str = Field("", description="none: list all")
    wait_s: float = Field(0, ge=0, le=60, description="for its end")
    stop: bool = False


def kind_by_args(args: BackgroundArgs) -> Kind:
    """Ending a program is no mere look at it."""
    return "command" if args.id and args.stop else "read"


async def background(args: BackgroundArgs, context: ToolContext) -> ToolResult:
    if not args.id:
        lines = [str(command) for command in BACKGROUND.of(context.owner)]
        return ToolResult(output="\n".join(lines) or "[nothing runs in the background]")
    command = BACKGROUND.find(context.owner, args.id)
    if args.stop:
        await BACKGROUND.stop(command)
    elif args.wait_s:
        await BACKGROUND.wait(command, args.wait_s)
    text = command.output.unread()
    return ToolResult(output=f"{command}\n{text}" if text else f"{command}\n[no new output]")


BACKGROUND_TOOL = Tool(
    name="background",
    description="List, read (what is new) or stop commands that run in the background.",
    kind="read",
    Args=BackgroundArgs,
    run=background,
    kind_by_args=kind_by_args,
    labels=Labels(
        icon="terminal",
        doing="Looking at",
        done="Looked at",
        failed="Could not look at",
        asking="look at",
        target=("id",),
        details=(Detail("id", default="what runs in the background"),),
        rule_from="",
        variants=(
            Variant(
                "stop",
                requires=("id",),
                labels=Labels(icon="stop", doing="Stopping", done="Stopped", failed="Could not stop", asking="stop"),
            ),
        ),
    ),
)
