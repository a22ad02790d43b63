"""The rules of ARCHITECTURE.md that a machine can check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT_DIR = Path(__file__).resolve().parent.parent
PACKAGES = ("boocode", "chats", "snapshots", "tools", "traces")
SOURCES = sorted(
    path for package in PACKAGES for path in (PROJECT_DIR / package).rglob("*.py") if "migrations" not in path.parts
)

# Functions of values: no ORM, no socket, no event loop of their own.
PURE = (
    "chats.storable",
    "chats.stream",
    "chats.wire",
    "tools.autofix",
    "tools.base",
    "tools.compiler_output",
    "tools.errors",
    "tools.paths",
    "tools.project_check",
    "traces.context",
    "traces.durations",
    "traces.ranges",
    "traces.redaction",
    "traces.timeline",
)
NAMES_THAT_SAY_NOTHING = {"common", "core", "helpers", "misc", "services", "utils"}


def _module(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT_DIR).with_suffix("").parts)


def _imports(path: Path) -> set[str]:
    """Absolute names of the modules that `path` imports at run time."""
    module = _module(path)
    found = set()
    for node in _running_nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            package = module.rsplit(".", node.level)[0]
            found |= {f"{package}.{node.module or alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found


def _running_nodes(tree: ast.AST) -> list[ast.AST]:
    """All nodes but those below `if TYPE_CHECKING:`."""
    nodes = [tree]
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            nodes += _running_nodes(child)
    return nodes


def test_it_imports_downwards_only() -> None:
    # In a process of its own: import-linter stumbles over the modules that Django has loaded here.
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run([sys.executable, "-c", lint], cwd=PROJECT_DIR, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", [path for path in SOURCES if _module(path) in PURE], ids=_module)
def test_it_keeps_pure_modules_pure(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "pydantic"}
    assert {name for name in _imports(path) if name.split(".")[0] not in allowed and name not in PURE} == set()


def test_it_publishes_through_one_door() -> None:
    doors = [_module(path) for path in SOURCES if "group_send(" in path.read_text()]
    assert len(doors) == 1, doors


def test_it_keeps_files_short() -> None:
    lengths = {_module(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {module: length for module, length in lengths.items() if length > 400} == {}


def test_it_names_modules_by_what_they_hold() -> None:
    assert [path for path in SOURCES if set(_module(path).split(".")) & NAMES_THAT_SAY_NOTHING] == []


def test_it_names_no_package_index_in_the_locks() -> None:
    locks = [PROJECT_DIR / "requirements.lock", PROJECT_DIR / "tests" / "requirements.lock"]
    assert [lock.name for lock in locks if "://" in lock.read_text()] == []
