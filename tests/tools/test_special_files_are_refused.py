import os
import socket
import time
from pathlib import Path

import pytest

from tests.tools.conftest import Call
from tools.errors import ToolError
from tools.files.workspace import Workspace


async def test_it_refuses_a_fifo_without_waiting_for_a_writer(root: Path, call: Call) -> None:
    os.mkfifo(root / "pipe")
    started = time.monotonic()
    for name, args in (("read_file", {}), ("write_file", {"content": "x"}), ("edit_file", {"old": "a", "new": "b"})):
        result = await call(name, path="pipe", **args)
        assert "not a regular file" in (result.error or "")
    assert time.monotonic() - started < 1


async def test_it_refuses_a_socket(root: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert "not a regular file" in ((await call("read_file", path="s")).error or "")


async def test_it_refuses_links_to_devices_and_proc(root: Path, call: Call) -> None:
    for target in ("/dev/zero", "/dev/tty", "/proc/self/environ", "/proc/self/root/etc/passwd"):
        (root / "l").symlink_to(target)
        result = await call("read_file", path="l")
        assert "leads out of the project" in (result.error or "")
        (root / "l").unlink()


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="there is no /proc here")
def test_it_refuses_proc_and_devices_where_the_root_is_the_whole_disk() -> None:
    workspace = Workspace("/")
    for path in ("/proc/self/environ", "/sys/kernel/notes", "/dev/zero", "/dev/null"):
        with pytest.raises(ToolError):
            workspace.read(path, 100)


async def test_it_searches_and_lists_past_them(root: Path, call: Call) -> None:
    os.mkfifo(root / "pipe")
    (root / "a.txt").write_text("needle\n")
    (root / "zero").symlink_to("/dev/zero")
    assert "needle" in (await call("search_files", pattern="needle")).output
    listing = (await call("list_files")).output
    assert "pipe (not a regular file)" in listing
    assert "zero -> /dev/zero" in listing
