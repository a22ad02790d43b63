import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools import registry
from tools.base import ToolContext
from tools.commands import sandbox
from tools.errors import PathDenied, ToolError
from tools.files.workspace import Workspace

LIMIT = 1_000
RENAME_EXCHANGE = 2
AT_FDCWD = -100


def exchange(one: Path, other: Path) -> None:
    """Two names change places in one step, so that neither is ever missing."""
    ctypes.CDLL(None).renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[None]:
    """Two names change places again and again."""
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            exchange(one, other)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def outside(root: Path) -> Path:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    return outside


def test_it_denies_a_link_to_a_file_outside(root: Path, workspace: Workspace, outside: Path) -> None:
    (root / "absolute").symlink_to(outside / "secret")
    (root / "relative").symlink_to("../outside/secret")
    for name in ("absolute", "relative"):
        with pytest.raises(PathDenied, match="symbolic link"):
            workspace.read(name, LIMIT)
        with pytest.raises(PathDenied):
            workspace.write(name, b"changed")
    assert (outside / "secret").read_text() == "secret"


def test_it_denies_a_directory_that_is_a_link_to_outside(root: Path, workspace: Workspace, outside: Path) -> None:
    (root / "d").symlink_to(outside)
    for use in (
        lambda: workspace.read("d/secret", LIMIT),
        lambda: workspace.write("d/new", b"x"),
        lambda: workspace.write("d/e/f/new", b"x"),
        lambda: workspace.remove("d/secret"),
        lambda: workspace.rename("d/secret", "mine"),
    ):
        with pytest.raises(PathDenied):
            use()
    assert os.listdir(outside) == ["secret"]


def test_it_denies_a_chain_of_links_that_ends_outside(root: Path, workspace: Workspace, outside: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("sub/c")
    (root / "sub").mkdir()
    (root / "sub/c").symlink_to("../../outside/secret")
    with pytest.raises(PathDenied):
        workspace.read("a", LIMIT)


def test_it_follows_links_that_stay_inside(root: Path, workspace: Workspace) -> None:
    (root / "src").mkdir()
    (root / "src/a.py").write_text("one")
    (root / "lib").symlink_to("src")
    (root / "x").symlink_to(root / "lib" / "a.py")
    (root / "src/up").symlink_to("../lib/./a.py")
    assert workspace.read("lib/a.py", LIMIT) == workspace.read("x", LIMIT) == workspace.read("src/up", LIMIT) == b"one"
    assert workspace.write("x", b"two") == "src/a.py"
    assert (root / "src/a.py").read_text() == "two"
    assert (root / "x").is_symlink()


def test_it_denies_writing_through_a_dangling_link(root: Path, workspace: Workspace, outside: Path) -> None:
    (root / "out").symlink_to(outside / "new")
    (root / "in").symlink_to("nowhere")
    (root / "dir").symlink_to("missing")
    for path in ("out", "in", "dir/new"):
        with pytest.raises(ToolError):
            workspace.write(path, b"x")
    assert os.listdir(outside) == ["secret"]
    assert sorted(os.listdir(root)) == ["dir", "in", "out"]


def test_it_stops_at_a_loop_of_links(root: Path, workspace: Workspace) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with pytest.raises(PathDenied, match="too many"):
        workspace.read("a", LIMIT)


def test_it_denies_git_and_protected_places_behind_links(root: Path, outside: Path) -> None:
    (root / ".git").mkdir()
    (root / ".git/config").write_text("x")
    (root / "g").symlink_to(".git")
    (root / "data").mkdir()
    (root / "data/db").write_text("x")
    (root / "d").symlink_to("data")
    workspace = Workspace(root, protected=[root / "data"])
    for path in (".git/config", ".GIT/config", "g/config", "data/db", "DATA/db", "d/db", "data"):
        with pytest.raises(ToolError):
            workspace.read(path, LIMIT)
        with pytest.raises(ToolError):
            workspace.write(path, b"y")
    assert (root / ".git/config").read_text() == (root / "data/db").read_text() == "x"


def test_it_keeps_directories_that_hold_a_protected_place(root: Path) -> None:
    (root / "var/data").mkdir(parents=True)
    workspace = Workspace(root, protected=[root / "var/data"])
    with pytest.raises(PathDenied):
        workspace.rename("var", "elsewhere")


def test_it_takes_a_root_that_lies_in_a_protected_place(root: Path) -> None:
    workspace = Workspace(root, protected=[root.parent])
    workspace.write("a", b"x")
    assert workspace.read("a", LIMIT) == b"x"


def test_it_deletes_the_link_and_not_what_it_points_to(root: Path, workspace: Workspace, outside: Path) -> None:
    (root / "l").symlink_to(outside / "secret")
    workspace.remove("l")
    assert (outside / "secret").exists()
    assert not os.path.lexists(root / "l")


@pytest.mark.parametrize("what", ["parent", "file"])
def test_it_never_escapes_while_a_name_is_swapped(root: Path, workspace: Workspace, outside: Path, what: str) -> None:
    """CVE-2025-53109: a directory, or the file itself, turns into a link between check and use, again and again."""
    (outside / "f").write_text("secret")
    (root / "d").mkdir()
    (root / "d/f").write_text("mine")
    link, real = root / "link", root / "d"
    link.symlink_to(outside)
    if what == "file":
        link, real = root / "d/link", root / "d/f"
        link.symlink_to(outside / "f")
    seen = set()
    with swapping(link, real):
        for turn in range(2_000):
            try:
                if turn % 2:
                    seen.add(workspace.read("d/f", LIMIT))
                else:
                    workspace.write("d/f", b"mine")
            except ToolError:
                seen.add(b"denied")
    assert (outside / "f").read_text() == "secret"
    assert sorted(os.listdir(outside)) == ["f", "secret"]
    assert seen <= {b"mine", b"denied"}


@pytest.mark.skipif(sandbox.explain_absence() is not None, reason=str(sandbox.explain_absence()))
async def test_a_search_never_escapes_while_a_directory_is_swapped(
    root: Path, workspace: Workspace, outside: Path
) -> None:
    """ripgrep walks by names: where commands have a sandbox, it has the same."""
    (root / "d").mkdir()
    for number in range(200):
        (root / f"d/f{number}").write_text("mine")
        (outside / f"f{number}").write_text("secret")
    (root / "link").symlink_to(outside)
    context = ToolContext(workspace, sandbox=sandbox.choose("on", network=False))
    with swapping(root / "link", root / "d"):
        for _ in range(10):
            result = await registry.call("search_files", {"pattern": "secret|mine"}, context)
            assert ": secret" not in result.output
