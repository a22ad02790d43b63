"""A project on disk, and what a tool gets to work on it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tools import registry
from tools.base import ToolContext, ToolResult
from tools.files.workspace import Workspace

Call = Callable[..., Awaitable[ToolResult]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "app"
    root.mkdir()
    return root


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return Workspace(root)


@pytest.fixture
def emitted() -> list[str]:
    """The live output of the calls, as it came."""
    return []


@pytest.fixture
def context(workspace: Workspace, emitted: list[str]) -> ToolContext:
    async def emit(chunk: str) -> None:
        emitted.append(chunk)

    return ToolContext(workspace, emit)


@pytest.fixture
def call(context: ToolContext) -> Call:
    """Call a tool as the agent does: `await call("read_file", path="a.py")`."""

    async def call(name: str, **args: Any) -> ToolResult:
        return await registry.call(name, args, context)

    return call
