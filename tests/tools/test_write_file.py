import os
import stat
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tools.errors import ToolError
from tools.files.workspace import Workspace


async def test_it_makes_a_file_and_its_directories(root: Path, call: Call) -> None:
    result = await call("write_file", path="src/lib/a.py", content="one\ntwo\n")
    assert result.output == "Created src/lib/a.py: +2 -0."
    assert result.changed_paths == ("src/lib/a.py",)
    assert result.full_output == b"--- /dev/null\n+++ b/src/lib/a.py\n@@ -0,0 +1,2 @@\n+one\n+two\n"
    assert (root / "src/lib/a.py").read_text() == "one\ntwo\n"


async def test_it_replaces_the_content_and_keeps_the_mode(root: Path, call: Call) -> None:
    (root / "run.sh").write_text("old\n")
    (root / "run.sh").chmod(0o750)
    result = await call("write_file", path="run.sh", content="new\n")
    assert result.output == "Edited run.sh: +1 -1."
    assert stat.S_IMODE((root / "run.sh").stat().st_mode) == 0o750
    assert os.listdir(root) == ["run.sh"]


async def test_it_keeps_windows_line_endings(root: Path, call: Call) -> None:
    (root / "a").write_bytes(b"one\r\ntwo\r\n")
    result = await call("write_file", path="a", content="one\n2\n")
    assert (root / "a").read_bytes() == b"one\r\n2\r\n"
    assert result.output == "Edited a: +1 -1. The file's CRLF line endings were kept."


async def test_it_says_that_nothing_changed(root: Path, call: Call) -> None:
    (root / "a").write_text("x")
    result = await call("write_file", path="a", content="x")
    assert result.output == "a has this content already; nothing changed."
    assert result.changed_paths == ()


async def test_it_leaves_other_names_of_the_file_alone(root: Path, call: Call) -> None:
    (root / "a").write_text("old")
    os.link(root / "a", root.parent / "other")
    await call("write_file", path="a", content="new")
    assert (root.parent / "other").read_text() == "old"


async def test_it_leaves_the_old_file_whole_when_the_write_fails(
    root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a").write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(ToolError, match="No space left"):
        workspace.write("a", b"new")
    assert (root / "a").read_text() == "old"
    assert os.listdir(root) == ["a"]


@pytest.mark.parametrize("path", [".git/config", ".GIT/config", ".git/hooks/pre-commit", "../x", "/etc/x", "a\0b", "."])
async def test_it_denies_what_is_out_of_bounds(root: Path, call: Call, path: str) -> None:
    result = await call("write_file", path=path, content="x")
    assert result.status == "error"
    assert result.error
    assert os.listdir(root) == []


async def test_it_respects_a_file_that_was_made_read_only(root: Path, call: Call) -> None:
    (root / "a").write_text("old")
    (root / "a").chmod(0o444)
    assert (await call("write_file", path="a", content="new")).error == "a is read-only (mode 444)."


async def test_it_does_not_make_a_directory_where_a_file_is(root: Path, call: Call) -> None:
    (root / "a").write_text("x")
    assert "goes through something that is none" in ((await call("write_file", path="a/b", content="x")).error or "")
