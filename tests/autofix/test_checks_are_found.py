"""Which command checks which project."""

import json
from collections.abc import Callable

import pytest

from tools.check.discovery import find, parse_check_command


def has(*names: str) -> Callable[[str], bool]:
    return names.__contains__


def package(**scripts: str) -> str:
    return json.dumps({"scripts": scripts})


@pytest.mark.parametrize(
    ("lock", "command"),
    [
        ("pnpm-lock.yaml", "pnpm run build"),
        ("yarn.lock", "yarn run build"),
        ("bun.lock", "bun run build"),
        ("bun.lockb", "bun run build"),
        ("package-lock.json", "npm run build"),
        ("none", "npm run build"),
    ],
)
def test_the_lock_file_names_the_package_manager(lock: str, command: str) -> None:
    check = find({"package.json": package(build="tsc", test="vitest"), lock: ""}, has(), has())
    assert check
    assert (check.shown, check.harmless) == (command, False)


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"package.json": json.dumps({"packageManager": "pnpm@10.1.0", "scripts": {"test": "x"}})}, "pnpm run test"),
        ({"package.json": package(typecheck="tsc", test="x")}, "npm run typecheck"),
        ({"package.json": package(build="tsc --watch", test="x")}, "npm run test"),
        ({"package.json": package(test='echo "Error: no test specified" && exit 1')}, None),
        ({"package.json": "{broken"}, None),
        ({"package.json": '{"scripts": [1]}'}, None),
        ({"package.json": "[" * 100_000}, None),
        ({"pyproject.toml": "a = " + "[" * 100_000}, "python3 -m compileall ."),
        ({"Cargo.toml": ""}, "cargo check --quiet --message-format short"),
        ({"go.mod": ""}, "go vet ./..."),
        ({"pom.xml": ""}, "mvn -q -B test-compile"),
        ({"pom.xml": "", "mvnw": ""}, "./mvnw -q -B test-compile"),
        ({"build.gradle.kts": "", "gradlew": ""}, "./gradlew -q --console=plain testClasses"),
        ({"Makefile": "all:\n\ttrue\ntest : all\n"}, "make test"),
        ({"Makefile": "check := no target\n"}, None),
        ({"main.py": ""}, "python3 -m compileall ."),
        ({"pyproject.toml": "[broken"}, "python3 -m compileall ."),
        ({"README.md": ""}, None),
        ({}, None),
    ],
)
def test_it_is_found_by_what_lies_in_the_root(files: dict[str, str], command: str | None) -> None:
    check = find(files, has(), has("python3"))
    assert (check and check.shown) == command


def test_pythons_linters_are_run_where_they_are_configured_and_there() -> None:
    files = {"pyproject.toml": "[tool.ruff]\n[tool.mypy]\nfiles = ['src']\n"}
    both = find(files, has(".venv/bin/mypy"), has("ruff"))
    assert both
    assert [command[0] for command in both.commands] == ["ruff", ".venv/bin/mypy"]
    assert "." not in both.commands[1]
    assert find(files, has(), has("python3")).shown == "python3 -m compileall ."  # type: ignore[union-attr]
    assert find({"a.py": ""}, has(), has("ruff", "python3")).shown == "python3 -m compileall ."  # type: ignore[union-attr]


def test_only_what_runs_no_code_of_the_project_is_harmless() -> None:
    ruff = {"ruff.toml": ""}
    assert find(ruff | {"a.py": ""}, has(), has("ruff")).harmless  # type: ignore[union-attr]
    assert not find(ruff | {"a.py": ""}, has(".venv/bin/ruff"), has()).harmless  # type: ignore[union-attr]
    assert find({"a.py": ""}, has(), has("python3")).harmless  # type: ignore[union-attr]
    assert not find({"a.py": ""}, has(".venv/bin/python"), has()).harmless  # type: ignore[union-attr]


def test_a_line_written_by_hand_is_taken_as_it_is() -> None:
    check = parse_check_command("npm run build && npm test")
    assert check.shown == "npm run build && npm test"
    assert check.commands == (("sh", "-c", "npm run build && npm test"),)
