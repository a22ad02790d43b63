"""What differs from tool to tool is a property of the tool: no other code names one to decide what to do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import PROJECT_DIR
from tools.registry import TOOLS

PACKAGES = ("boocode", "chats", "snapshots", "tools", "traces")
ALLOWED = ("tools/builtin/", "tools/registry.py", "chats/providers/scripted/demo")
SOURCES = [
    path
    for package in PACKAGES
    for path in sorted((PROJECT_DIR / package).rglob("*.py"))
    if "migrations" not in path.parts and not str(path.relative_to(PROJECT_DIR)).startswith(ALLOWED)
]


def switches(tree: ast.AST) -> Iterator[str]:
    """Comparisons with a tool's name or with the name of one tool's object, cases of a match, and tables by tool."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                compared = [part for side in (node.left, *node.comparators) for part in _parts(side)]
                yield from (ast.unparse(node) for part in compared if _names_a_tool(part))
            case ast.MatchValue() if _names_a_tool(node.value):
                yield f"case {ast.unparse(node)}"
            case ast.Dict() if sum(key is not None and _names_a_tool(key) for key in node.keys) > 1:
                yield ast.unparse(node)


def _parts(side: ast.expr) -> list[ast.expr]:
    return side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else [side]


def _names_a_tool(node: ast.expr) -> bool:
    """`"run_command"`, or `RUN_COMMAND.name`."""
    if isinstance(node, ast.Attribute) and node.attr == "name":
        return isinstance(node.value, ast.Name) and node.value.id.isupper()
    return isinstance(node, ast.Constant) and node.value in TOOLS


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT_DIR)))
def test_no_code_switches_on_a_tools_name(path: Path) -> None:
    assert list(switches(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize(
    "code",
    [
        "tool == 'run_command'",
        "'todo' != call.name",
        "name in ('read_file', 'x')",
        "call.name == CHECK.name",
        "match tool:\n  case 'write_file': pass",
        "{'write_file': 1, 'edit_file': 2}[tool]",
    ],
)
def test_it_would_see_it(code: str) -> None:
    assert list(switches(ast.parse(code)))
