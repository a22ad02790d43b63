"""Finds the command that checks a project: its build, its type check, its linter. Pure.

`files` are the names in the project's root, with the text of those in MANIFESTS.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MANIFESTS = ("package.json", "pyproject.toml", "setup.cfg", "Makefile", "makefile", "GNUmakefile")
OFF = "off"

# In this order. `build` of a typed language says more than its tests, and sooner.
_SCRIPTS = ("build", "typecheck", "type-check", "check-types", "check", "compile", "test")
_TARGETS = ("check", "build", "test", "all")
_LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
_NO_TEST = re.compile(r"no test specified")
# Scripts that never end are no check.
_ENDLESS = re.compile(r"--watch\b|\b(?:nodemon|next dev|vite dev|vite serve)\b")
# The bytecode goes elsewhere, so that nothing appears in the folder.
_COMPILE_ALL = r"""
import compileall, re, sys, tempfile
others = re.compile(r"(^|/)(\.venv|venv|\.tox|\.git|node_modules|site-packages)/")
with tempfile.TemporaryDirectory() as sys.pycache_prefix:
    sys.exit(not compileall.compile_dir(".", maxlevels=30, quiet=1, force=True, rx=others))
"""
_ENVIRONMENTS = (".venv/bin", "venv/bin")

Has = Callable[[str], bool]


@dataclass(frozen=True)
class Check:
    """`commands` run one after the other, all of them. `source` is where they come from. `harmless`: none of them runs
    code that lies in the project, or a person chose them."""

    commands: tuple[tuple[str, ...], ...]
    source: str
    harmless: bool = False
    label: str = ""

    @property
    def shown(self) -> str:
        """Writes the commands as a person would type them."""
        return self.label or " && ".join(map(shlex.join, self.commands))


def parse_check_command(command: str) -> Check:
    """Reads the check that a person wrote down: a line for their own shell."""
    return Check((("sh", "-c", command),), "the project's settings", harmless=True, label=command)


def find(files: Mapping[str, str], has: Has, on_path: Has) -> Check | None:
    """Finds the project's check; None where none is known. `has` tells whether a path exists below the root, `on_path`
    whether there is a program of that name on the machine, outside the project."""
    for finder in (_node, _cargo, _find_go, _maven, _gradle, _python, _make):
        if check := finder(files, has, on_path):
            return check
    return None


def _node(files: Mapping[str, str], has: Has, _on_path: Has) -> Check | None:
    if "package.json" not in files:
        return None
    package = _json(files["package.json"])
    scripts = package.get("scripts")
    scripts = scripts if isinstance(scripts, dict) else {}
    manager = _manager(files, package)
    for name in _SCRIPTS:
        line = scripts.get(name)
        if isinstance(line, str) and line.strip() and not _NO_TEST.search(line) and not _ENDLESS.search(line):
            return Check(((manager, "run", name),), f"package.json, script `{name}`")
    if "tsconfig.json" in files and has("node_modules/.bin/tsc"):
        return Check((("node_modules/.bin/tsc", "--noEmit"),), "tsconfig.json")
    return None


def _manager(files: Mapping[str, str], package: Mapping[str, Any]) -> str:
    for lock, manager in _LOCKS.items():
        if lock in files:
            return manager
    named = str(package.get("packageManager", "")).partition("@")[0]
    return named if named in _LOCKS.values() else "npm"


def _cargo(files: Mapping[str, str], _has: Has, _on_path: Has) -> Check | None:
    command = ("cargo", "check", "--quiet", "--message-format", "short")
    return Check((command,), "Cargo.toml") if "Cargo.toml" in files else None


def _find_go(files: Mapping[str, str], _has: Has, _on_path: Has) -> Check | None:
    # Not `go build`: with a single main package it leaves the program in the folder.
    return Check((("go", "vet", "./..."),), "go.mod") if "go.mod" in files else None


def _maven(files: Mapping[str, str], _has: Has, _on_path: Has) -> Check | None:
    program = "./mvnw" if "mvnw" in files else "mvn"
    return Check(((program, "-q", "-B", "test-compile"),), "pom.xml") if "pom.xml" in files else None


def _gradle(files: Mapping[str, str], _has: Has, _on_path: Has) -> Check | None:
    program = "./gradlew" if "gradlew" in files else "gradle"
    found = next((name for name in ("build.gradle", "build.gradle.kts") if name in files), None)
    return Check(((program, "-q", "--console=plain", "testClasses"),), found) if found else None


def _python(files: Mapping[str, str], has: Has, on_path: Has) -> Check | None:
    project, cfg = _toml(files.get("pyproject.toml", "")), files.get("setup.cfg", "")
    is_python = {"pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"} & set(files)
    if not is_python and not any(name.endswith(".py") for name in files):
        return None
    tool = project.get("tool")
    tools = tool if isinstance(tool, dict) else {}
    commands: list[tuple[str, ...]] = []
    if ("ruff" in tools or {"ruff.toml", ".ruff.toml"} & set(files)) and (ruff := _program("ruff", has, on_path)):
        commands.append((ruff, "check", "--no-fix", "--no-cache", "--output-format=concise", "."))
    configured = "mypy" in tools or {"mypy.ini", ".mypy.ini"} & set(files) or "[mypy]" in cfg
    # Without a list of files in its configuration mypy wants to be told what to look at.
    if configured and (mypy := _program("mypy", has, on_path)):
        told = {"files", "packages", "modules"} & set(tools.get("mypy", {})) or re.search(
            r"^files\s*=", cfg, re.MULTILINE
        )
        commands.append((mypy, "--no-error-summary", *(() if told else (".",))))
    if commands:
        harmless = commands[0][0] == "ruff" and len(commands) == 1
        return Check(tuple(commands), "the Python project's linters", harmless)
    python = "python3" if on_path("python3") else _program("python", has, on_path) or "python3"
    command = (python, "-I", "-c", _COMPILE_ALL)
    return Check((command,), "the Python files", harmless=on_path(python), label="python3 -m compileall .")


def _program(name: str, has: Has, on_path: Has) -> str | None:
    for place in _ENVIRONMENTS:
        if has(f"{place}/{name}"):
            return f"{place}/{name}"
    return name if on_path(name) else None


def _make(files: Mapping[str, str], _has: Has, _on_path: Has) -> Check | None:
    # The order in which make itself looks.
    text = next((files[name] for name in ("GNUmakefile", "makefile", "Makefile") if name in files), "")
    for target in _TARGETS:
        if re.search(rf"^{target}\s*:(?!=)", text, re.MULTILINE):
            return Check((("make", target),), f"Makefile, target `{target}`")
    return None


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
