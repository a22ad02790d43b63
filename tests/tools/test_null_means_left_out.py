"""Strict schemas make models send null for every argument that they leave out."""

from typing import Any

import pytest
from pydantic import ValidationError

from tools.base import Args, Tool
from tools.builtin.edit_file import EDIT_FILE
from tools.registry import TOOLS

SAMPLES: dict[str, dict[str, Any]] = {
    "read_file": {"path": "a"},
    "list_files": {},
    "search_files": {"pattern": "a"},
    "write_file": {"path": "a", "content": "b"},
    "edit_file": {"path": "a", "edits": [{"old": "a", "new": "b"}]},
    "apply_patch": {"patch": "--- a/x\n+++ b/x\n"},
    "delete_file": {"path": "a"},
    "move_file": {"path": "a", "to": "b"},
    "run_command": {"command": ["true"]},
    "background": {},
    "git_status": {},
    "git_diff": {},
    "todo": {"items": []},
}


@pytest.mark.parametrize("tool", [tool for tool in TOOLS.values() if tool.model_may_call], ids=lambda tool: tool.name)
def test_a_null_is_an_argument_that_is_left_out(tool: Tool[Args]) -> None:
    needed = SAMPLES[tool.name]
    plain = tool.parse(needed)
    optional = [name for name, field in tool.Args.model_fields.items() if not field.is_required()]
    assert tool.parse(needed | dict.fromkeys(optional)) == plain
    for name, field in tool.Args.model_fields.items():
        if field.is_required():
            with pytest.raises(ValidationError):
                tool.parse(needed | {name: None})


def test_it_is_within_lists_too() -> None:
    edit = {"old": "a", "new": "b", "all": None}
    wanted = EDIT_FILE.parse({"path": "a", "edits": [{"old": "a", "new": "b"}]})
    assert EDIT_FILE.parse({"path": "a", "edits": [edit]}) == wanted
    assert EDIT_FILE.parse({"path": "a", "edits": None, **edit}) == wanted
