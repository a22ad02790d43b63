"""What only looks ahead, a preview or a plan, gives nothing where a tool has a fault: it never ends a turn."""

from dataclasses import replace

import pytest

from tools.base import Args, Tool
from tools.builtin.apply_patch import APPLY_PATCH, ApplyPatchArgs
from tools.files.changes import Change
from tools.files.workspace import Workspace


class Faulty(ApplyPatchArgs):
    def touched_paths(self) -> list[str]:
        raise IndexError("a fault of ours")


def fail(_args: Args, _workspace: Workspace) -> list[Change]:
    raise IndexError("a fault of ours")


@pytest.fixture
def tool() -> Tool[Faulty]:
    return replace(APPLY_PATCH, Args=Faulty, plan_changes=fail)  # type: ignore[return-value]


def test_they_are_empty_and_logged(tool: Tool[Faulty], workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    args = {"patch": "--- a/x\n+++ b/x\n"}
    assert tool.changes(args, workspace) == []
    assert tool.preview(args, workspace) == ""
    assert tool.paths(args) == []
    assert caplog.text.count("could not be told") == 3
