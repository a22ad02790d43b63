"""Lists all tools by name, and calls them. To add one: write it in `builtin/`, add it here, test it, name it in
CONTRIBUTING.md."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError

from tools.base import Tool, ToolContext, ToolResult
from tools.builtin.apply_patch import APPLY_PATCH
from tools.builtin.background import BACKGROUND_TOOL
from tools.builtin.delete_file import DELETE_FILE
from tools.builtin.edit_file import EDIT_FILE
from tools.builtin.git_diff import GIT_DIFF
from tools.builtin.git_status import GIT_STATUS
from tools.builtin.list_files import LIST_FILES
from tools.builtin.move_file import MOVE_FILE
from tools.builtin.read_file import READ_FILE
from tools.builtin.run_command import RUN_COMMAND
from tools.builtin.search_files import SEARCH_FILES
from tools.builtin.todo import TODO
from tools.builtin.write_file import WRITE_FILE
from tools.check.run import CHECK
from tools.errors import ToolError
from tools.files.call_changes import count_lines, patched_paths

logger = logging.getLogger(__name__)

TOOLS: dict[str, Tool[Any]] = {
    "read_file": READ_FILE,
    "list_files": LIST_FILES,
    "search_files": SEARCH_FILES,
    "write_file": WRITE_FILE,
    "edit_file": EDIT_FILE,
    "apply_patch": APPLY_PATCH,
    "delete_file": DELETE_FILE,
    "move_file": MOVE_FILE,
    "run_command": RUN_COMMAND,
    "background": BACKGROUND_TOOL,
    "git_status": GIT_STATUS,
    "git_diff": GIT_DIFF,
    "todo": TODO,
    "check": CHECK,
}


@cache
def _schemas() -> tuple[dict[str, Any], ...]:
    return tuple(
        {"name": tool.name, "description": tool.description, "parameters": _short_schema(tool)}
        for tool in TOOLS.values()
        if tool.model_may_call
    )


def schemas() -> list[dict[str, Any]]:
    """Gives `{name, description, parameters}` of each tool that a model may call, always in the same order and bytes,
    for prompt caches."""
    return list(_schemas())


def labels() -> dict[str, dict[str, Any]]:
    """Gives the words and views of each tool for the page; what a tool does not set is left out."""
    return {tool.name: tool.labels.as_json() | _marks(tool) for tool in TOOLS.values()}


def _marks(tool: Tool[Any]) -> dict[str, bool]:
    marks = {"changes_files": tool.kind == "write", "automatic": not tool.model_may_call}
    return {name: mark for name, mark in marks.items() if mark}


def read_changes(name: str, args: Any) -> tuple[int | None, int | None, list[str] | None]:
    """Reads from a call's arguments how many lines it adds and removes, None where it changes no text, and the files
    that its patch names, None where it has none."""
    view = TOOLS[name].labels.view if name in TOOLS else ""
    return *count_lines(view, args), patched_paths(view, args)


def is_automatic(name: str) -> bool:
    """Tells whether BooCode makes the calls of this tool by itself, so that no message of the model names them."""
    tool = TOOLS.get(name)
    return tool is not None and not tool.model_may_call


async def call(name: str, args: Mapping[str, Any] | str, context: ToolContext) -> ToolResult:
    """Runs a tool. Whatever goes wrong is a result that the model can read; only CancelledError is raised."""
    tool = TOOLS.get(name)
    if tool is None or not tool.model_may_call:
        callable_names = ", ".join(tool.name for tool in TOOLS.values() if tool.model_may_call)
        return _failed(f"There is no tool named {name!r}. The tools are: {callable_names}.")
    try:
        return await tool.run(tool.parse(args), context)
    except ValidationError as error:
        return _failed(f"{name} was not run: {_explain(error)}")
    except ToolError as error:
        return _failed(str(error))
    except Exception as error:
        logger.exception("tool %s failed", name)
        return _failed(f"{name} failed: {type(error).__name__}: {error}")


def _failed(message: str) -> ToolResult:
    return ToolResult(output=message, error=message, status="error")


def _explain(error: ValidationError) -> str:
    found = []
    for item in error.errors(include_url=False, include_context=False, include_input=False)[:5]:
        where = ".".join(map(str, item["loc"])) or "arguments"
        found.append(f"{where}: {item['msg']}")
    return "; ".join(found) + "."


def _short_schema(tool: Tool[Any]) -> dict[str, Any]:
    """Leaves out of the JSON schema what a model does not need: each request carries it."""
    schema = tool.Args.model_json_schema()
    definitions = schema.pop("$defs", {})
    return _shorten(schema, definitions)


_UNSAID = ("exclusiveMinimum", "maxLength")


def _shorten(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_shorten(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _shorten(definitions[node["$ref"].rpartition("/")[2]], definitions)
    node = _without_null(node)
    if "default" in node and not node["default"]:
        node = {key: value for key, value in node.items() if key != "default"}
    dropped = ("title", "additionalProperties", "minimum", "maximum", "minLength", "minItems", "maxItems", *_UNSAID)
    if node.get("type") == "object":
        properties = {name: _shorten(item, definitions) for name, item in node.get("properties", {}).items()}
        rest = {key: value for key, value in node.items() if key not in (*dropped, "properties", "description")}
        return {**rest, "properties": properties}
    return {key: _shorten(value, definitions) for key, value in node.items() if key not in dropped}


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    """An optional argument is one that may be left out; null as a second type would only cost bytes."""
    kinds = [kind for kind in node.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1 or len(kinds) == len(node["anyOf"]):
        return node
    return {**{key: value for key, value in node.items() if key not in ("anyOf", "default")}, **kinds[0]}
