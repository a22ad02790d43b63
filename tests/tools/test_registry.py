import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.conftest import Call
from tools import registry
from tools.base import Tool, ToolContext, ToolResult
from tools.files.workspace import Workspace
from tools.registry import TOOLS, schemas

SCHEMA_BYTES = 5 * 1024 + 512


def test_it_sends_few_bytes_and_always_the_same() -> None:
    first = json.dumps(schemas())
    assert len(first.encode()) <= SCHEMA_BYTES
    registry._schemas.cache_clear()
    assert json.dumps(schemas()) == first


def test_it_describes_each_argument_by_its_type() -> None:
    for schema in schemas():
        assert list(schema) == ["name", "description", "parameters"]
        assert schema["parameters"]["type"] == "object"
        text = json.dumps(schema)
        for noise in ('"title"', "$ref", "$defs", "anyOf", "additionalProperties"):
            assert noise not in text


def test_it_names_each_tool_as_its_key() -> None:
    assert {name: tool.name for name, tool in TOOLS.items()} == {name: name for name in TOOLS}


@pytest.mark.parametrize(
    ("name", "args", "says"),
    [
        ("nowhere", {}, "There is no tool named 'nowhere'. The tools are: read_file,"),
        ("read_file", "{broken", "The arguments are not JSON"),
        ("read_file", "[1]", "must be one JSON object"),
        ("read_file", {}, "read_file was not run: path: Field required."),
        ("read_file", {"path": "a", "line": 3}, "line: Extra inputs are not permitted."),
        ("read_file", {"path": 5}, "path: Input should be a valid string."),
        ("read_file", {"path": "a", "offset": 0}, "offset: Input should be greater than or equal to 1."),
        ("edit_file", {"path": "a", "edits": []}, "edits: List should have at least 1 item"),
        ("edit_file", {"path": "a", "edits": [{"old": "x"}]}, "edits.0.new: Field required."),
        ("run_command", "[" * 100_000, ""),
    ],
)
async def test_it_tells_the_model_what_is_wrong(context: ToolContext, name: str, args: Any, says: str) -> None:
    result = await registry.call(name, args, context)
    assert result.status == "error"
    assert says in (result.error or "")
    assert result.output == result.error


async def test_it_takes_arguments_as_json_text(root: Path, context: ToolContext) -> None:
    (root / "a").write_text("x\n")
    assert (await registry.call("read_file", '{"path": "a", "offset": "1"}', context)).output == "1\tx"


async def test_it_turns_a_bug_into_a_result(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> ToolResult:
        raise ZeroDivisionError("a bug")

    good = TOOLS["read_file"]
    monkeypatch.setitem(TOOLS, "read_file", Tool(good.name, good.description, good.kind, good.Args, broken))
    assert (await call("read_file", path="a")).error == "read_file failed: ZeroDivisionError: a bug"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["path", "content", "edits", "pattern", "offset", "limit", "glob", "depth", "old", "new"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(
        [name for name in TOOLS if name not in ("run_command", "search_files", "git_status", "git_diff")]
    ),
    args=st.one_of(st.dictionaries(NAMES, JSON, max_size=4), st.text(max_size=20)),
)
async def test_it_never_raises(tmp_path_factory: pytest.TempPathFactory, name: str, args: Any) -> None:
    result = await registry.call(name, args, ToolContext(Workspace(tmp_path_factory.mktemp("w"))))
    assert result.output
    assert (result.error is None) == (result.status == "ok")
