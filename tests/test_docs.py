"""The docs name all that there is: settings, frames, tools, calls of the API."""

import re

import pytest
from django.urls import URLPattern

from boocode import urls
from chats import wire
from tests.server import PROJECT_DIR
from tools.registry import TOOLS

README = (PROJECT_DIR / "README.md").read_text()
PROTOCOL = (PROJECT_DIR / "PROTOCOL.md").read_text()
CONTRIBUTING = (PROJECT_DIR / "CONTRIBUTING.md").read_text()
SETTINGS = (PROJECT_DIR / "boocode" / "settings.py").read_text()


def test_readme_names_every_setting_and_no_other() -> None:
    read = set(re.findall(r'env\.\w+\("(\w+)"', SETTINGS))
    table = README.split("## Settings")[1].split("## How")[0]
    rows = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)[1:]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == read - {"XDG_DATA_HOME"}
    assert "XDG_DATA_HOME" in table


@pytest.mark.parametrize("frame", [*wire.LOGGED_FRAMES, *wire.SOCKET_FRAMES, *wire.CLIENT_FRAMES.values()])
def test_protocol_names_every_frame_and_its_fields(frame: type[wire.Frame]) -> None:
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
