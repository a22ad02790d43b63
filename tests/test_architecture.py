"""The rules of ARCHITECTURE.md that a machine can check."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PROJECT_DIR = Path(__file__).resolve().parent.parent
PACKAGES = ("boocode", "chats", "snapshots", "tools", "traces")
SOURCES = sorted(
    path for package in PACKAGES for path in (PROJECT_DIR / package).rglob("*.py") if "migrations" not in path.parts
)

NAMES_THAT_SAY_NOTHING = {"common", "core", "helpers", "misc", "services", "utils"}
PICTURES = set(
    "aftermath ahead blocking book capping crosstalk descent doubts facts glance hands journal joining lean ledger "
    "matching opening patching placing plain planning standing storable taking".split()
)
"""Names of modules that only their builder can read: a module is the noun of what it holds, in the field's word."""
VAGUE_NAMES = {"fit", "give", "go", "hear", "keep", "let", "place", "put", "say", "stand", "take", "tell"}
"""Verbs that need an object: `keep_output` says what is kept."""
VAGUE_BEGINNINGS = {"heard", "hears", "kept", "said", "says", "soon", "standing", "stood", "taken", "told", "took"}
"""A name that begins so continues a sentence whose beginning nobody sees."""


def _module(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT_DIR).with_suffix("").parts)


MODULES = {_module(path) for path in SOURCES}


def _imports(path: Path) -> set[str]:
    """Absolute names of the modules that `path` imports at run time."""
    package = _module(path).rpartition(".")[0]
    found = set()
    for node in _running_nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) + 1 - node.level]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            found |= {name if (name := f"{module}.{alias.name}") in MODULES else module for alias in node.names}
    return found


def _is_pure(path: Path) -> bool:
    """Whether the module's docstring says "Pure.": functions of values, with no ORM, socket or event loop."""
    return re.search(r"\bPure[.:,;]", ast.get_docstring(ast.parse(path.read_text())) or "") is not None


def _running_nodes(tree: ast.AST) -> list[ast.AST]:
    """All nodes but those below `if TYPE_CHECKING:`."""
    nodes = [tree]
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            nodes += _running_nodes(child)
    return nodes


PURE = {_module(path): path for path in SOURCES if _is_pure(path)}


def test_it_imports_downwards_only() -> None:
    # In a process of its own: import-linter stumbles over the modules that Django has loaded here.
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run([sys.executable, "-c", lint], cwd=PROJECT_DIR, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", PURE.values(), ids=_module)
def test_it_keeps_pure_modules_pure(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "pydantic"}
    assert {name for name in _imports(path) if name.split(".")[0] not in allowed and name not in PURE} == set()


def test_it_says_of_enough_modules_that_they_are_pure() -> None:
    # The docstrings are what the test above reads: were they reworded, it would test nothing.
    assert {"chats.stream.frames", "chats.stream.sequencing", "tools.base", "traces.redaction"} <= PURE.keys()


def test_it_publishes_through_one_door() -> None:
    doors = [_module(path) for path in SOURCES if "group_send(" in path.read_text()]
    assert len(doors) == 1, doors


def test_it_changes_the_status_of_a_turn_in_one_place() -> None:
    """The frame that tells of a status is made beside the change of the rows, and nowhere else."""
    changes = re.compile(
        r"AgentStatusUpdated(\.model_validate)?\(|\bturns_ended\(|\bturn_status\(|\b(Chat|Turn)\b.*\.update\(status="
    )
    doors = {_module(path) for path in SOURCES if changes.search(path.read_text())}
    assert doors - {"chats.stream.frames", "traces.record.recorder"} == {"chats.turns.status"}


def test_it_keeps_files_short() -> None:
    lengths = {_module(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {module: length for module, length in lengths.items() if length > 400} == {}


def test_it_names_modules_by_what_they_hold() -> None:
    assert [path for path in SOURCES if set(_module(path).split(".")) & NAMES_THAT_SAY_NOTHING] == []


def test_it_names_modules_by_no_picture() -> None:
    assert {module for module in MODULES if module.rpartition(".")[2] in PICTURES} == set()


def _is_vague(name: str) -> bool:
    words = re.findall(r"[A-Z]?[a-z0-9]+", name)
    return name.strip("_").lower() in VAGUE_NAMES or bool(words and words[0].lower() in VAGUE_BEGINNINGS)


def test_it_names_functions_by_verb_and_object() -> None:
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    found = {
        f"{_module(path)}.{node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, definitions) and _is_vague(node.name)
    }
    assert found == set()


def test_it_looks_up_no_model_by_its_name() -> None:
    assert [_module(path) for path in SOURCES if "get_model(" in path.read_text()] == []


def test_it_uses_what_it_declares() -> None:
    """Every dependency is imported, or named in the settings, which is how Django loads apps and backends."""
    project = tomllib.loads((PROJECT_DIR / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[^\w.-]", line)[0] for line in project["dependencies"]]
    modules: dict[str, set[str]] = {}
    for module, distributions in packages_distributions().items():
        for distribution in distributions:
            modules.setdefault(distribution.lower().replace("_", "-"), set()).add(module)
    source = "\n".join(path.read_text() for path in SOURCES)
    unused = [
        name
        for name in names
        if not any(re.search(rf"(import|from) {module}\b|[\"'/]{module}\b", source) for module in modules[name])
    ]
    assert unused == []


def test_it_names_no_package_index_in_the_locks() -> None:
    locks = [PROJECT_DIR / "requirements.lock", PROJECT_DIR / "tests" / "requirements.lock"]
    assert [lock.name for lock in locks if "://" in lock.read_text()] == []
