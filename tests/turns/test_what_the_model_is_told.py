"""The system prompt of a real request: the folder, its rules files, the check, and little else."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chats.agent.prompts import Surroundings, system_prompt
from tests.openai_server import OpenAIServer
from tests.server import Server
from tests.turns.conftest import Talk
from tools.files.workspace import Workspace
from tools.project_instructions import FILE_BYTES, read_instructions


async def test_it_names_folder_rules_and_check(serve: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("Tabs, never spaces.\n")
    (tmp_path / "packages" / "web").mkdir(parents=True)
    (tmp_path / "packages" / "web" / "CLAUDE.md").write_text("React.")
    (tmp_path / "Makefile").write_text("check:\n\ttrue\n")
    async with OpenAIServer([[{"text": "Hello."}]]) as provider:
        environment = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.url}
        server = await asyncio.to_thread(lambda: serve(**environment))
        chat = await asyncio.to_thread(Talk, server, tmp_path, "openai:test-model")
        await asyncio.to_thread(chat.say, "Hi")
        await asyncio.to_thread(chat.wait)
        body: dict[str, Any] = json.loads(provider.asked[0].body)
    system = body["messages"][0]["content"]
    assert f"in the folder {tmp_path}" in system
    assert "BooCode runs `make check` by itself" in system
    assert '<rules file="AGENTS.md">\nTabs, never spaces.\n</rules>' in system
    assert "packages/web/CLAUDE.md" in system
    assert "React." not in system


def test_it_is_short() -> None:
    assert len(system_prompt(Surroundings("/home/me/project"))) < 1_200


def test_each_kind_of_project_has_its_words() -> None:
    assert "read-only" in system_prompt(Surroundings("/p", "read_only", "make"))
    assert "make" not in system_prompt(Surroundings("/p", "read_only", "make"))
    assert "no network" in system_prompt(Surroundings("/p", sandbox=False))
    assert "no network" not in system_prompt(Surroundings("/p", sandbox=True))
    assert "programs only" not in system_prompt(Surroundings("/p"))


def test_rules_files_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("x" * 100_000)
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    (tmp_path / ".cursorrules").symlink_to("/etc/passwd")
    (tmp_path / ".gitignore").write_text("vendor/\n")
    for number in range(300):
        (tmp_path / f"p{number:03}").mkdir()
        (tmp_path / f"p{number:03}" / "AGENTS.md").write_text("y")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "AGENTS.md").write_text("z")
    found = read_instructions(Workspace(tmp_path))
    assert [(file.path, len(file.text), file.cut) for file in found.root] == [
        ("AGENTS.md", FILE_BYTES, 100_000 - FILE_BYTES)
    ]
    assert len(found.below) == 20
    assert "vendor/AGENTS.md" not in found.below
    assert len(system_prompt(Surroundings("/p", rules=found))) < FILE_BYTES + 3_000
