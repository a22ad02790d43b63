"""The docs name all that there is: folders, terms, settings, frames, tools, calls of the API."""

import ast
import re
from functools import cache

import pytest
from django.urls import URLPattern

from boocode import urls
from chats.stream import frames, socket_frames
from chats.stream.client_frames import CLIENT_FRAMES
from tests.server import PROJECT_DIR
from tools.registry import TOOLS

README = (PROJECT_DIR / "README.md").read_text()
PROTOCOL = (PROJECT_DIR / "PROTOCOL.md").read_text()
ARCHITECTURE = (PROJECT_DIR / "ARCHITECTURE.md").read_text()
PACKAGES = ("boocode", "chats", "snapshots", "tools", "traces")
CONTRIBUTING = (PROJECT_DIR / "CONTRIBUTING.md").read_text()
SETTINGS = (PROJECT_DIR / "boocode" / "settings.py").read_text()


def _rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading of ARCHITECTURE.md."""
    section = ARCHITECTURE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_map_has_every_folder_of_the_product_and_no_other() -> None:
    files = [path for package in PACKAGES for path in (PROJECT_DIR / package).rglob("*.py")]
    holds_modules = {path.parent for path in files if path.name != "__init__.py"}
    # Migrations are Django's own, and the sample project is data.
    folders = {folder for folder in holds_modules if not {"migrations", "sample_project"} & set(folder.parts)}
    named = [row[0].strip("`") for row in _rows("Map")]
    assert sorted(named) == sorted(str(folder.relative_to(PROJECT_DIR)) for folder in folders)


@pytest.mark.parametrize("term", [row[0] for row in _rows("Glossary")])
def test_the_code_uses_every_term_of_the_glossary(term: str) -> None:
    assert any(term.replace(" ", "_") in name for name in _names_in_code())


@cache
def _names_in_code() -> set[str]:
    """All names that the product's code defines, `ToolTrace` as `tool_trace`."""
    names: set[str] = set()
    for path in (path for package in PACKAGES for path in (PROJECT_DIR / package).rglob("*.py")):
        names.add(path.stem)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.name).lower())
            elif isinstance(node, ast.arg):
                names.add(node.arg)
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def test_readme_names_every_setting_and_no_other() -> None:
    read = set(re.findall(r'env\.\w+\("(\w+)"', SETTINGS))
    table = README.split("## Settings")[1].split("## How")[0]
    rows = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)[1:]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == read - {"XDG_DATA_HOME"}
    assert "XDG_DATA_HOME" in table


@pytest.mark.parametrize("frame", [*frames.LOGGED_FRAMES, *socket_frames.SOCKET_FRAMES, *CLIENT_FRAMES.values()])
def test_protocol_names_every_frame_and_its_fields(frame: type[frames.Frame]) -> None:
    type_field = frame.model_fields["type"].annotation
    (kind,) = type_field.__args__  # type: ignore[union-attr]
    assert f"`{kind}" in PROTOCOL
    for name, field in frame.model_fields.items():
        if name == "type":
            continue
        assert re.search(rf"\b{field.alias or name}\b", PROTOCOL), f"{kind}.{name}"


def test_contributing_names_every_tool() -> None:
    table = CONTRIBUTING.split("## The tools")[1].split("To add one")[0]
    cells = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)[1:]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == set(TOOLS)


def test_protocol_names_every_call() -> None:
    for pattern in urls.api:
        if isinstance(pattern, URLPattern) and (route := str(pattern.pattern)):
            assert f"/api/{re.sub(r'<[^>]+>', '<id>', route)}" in PROTOCOL, route


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "PROTOCOL.md"])
def test_links_lead_somewhere(name: str) -> None:
    text = (PROJECT_DIR / name).read_text()
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (PROJECT_DIR / target).exists(), target
