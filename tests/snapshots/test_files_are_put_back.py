"""The files of a tree, put back into a workspace."""

from pathlib import Path

import pytest

from snapshots.files.repository import Repository
from snapshots.files.restore import RestoreFailed, apply_changes
from snapshots.files.tree_diff import compare_trees
from snapshots.files.tree_writer import TreeWriter
from tests.snapshots.conftest import add_submodule, files_of, run_git


def back_to(repository: Repository, workspace: Path, tree: str) -> list[str]:
    """Restore all of a tree; what was left alone."""
    current = repository.capture_tree().tree
    return apply_changes(repository, TreeWriter(workspace), compare_trees(repository, current, tree, lines=False))


def fill(workspace: Path) -> None:
    (workspace / "src" / "deep").mkdir(parents=True)
    (workspace / "src" / "deep" / "a.py").write_text("a\n")
    (workspace / "src" / "b.bin").write_bytes(bytes(range(256)))
    (workspace / "run.sh").write_text("#!/bin/sh\n")
    (workspace / "run.sh").chmod(0o755)
    (workspace / "plain").write_text("plain")
    (workspace / "link").symlink_to("/etc/passwd")
    (workspace / "empty").write_text("")


def test_it_touches_no_folder_that_it_does_not_keep(repository: Repository, workspace: Path) -> None:
    fill(workspace)
    packages = workspace / "web" / "node_modules"
    packages.mkdir(parents=True)
    (packages / "old.js").write_text("1")
    tree = repository.capture_tree().tree
    (packages / "old.js").write_text("2")
    (packages / "new.js").write_text("2")
    (workspace / "web" / "app.js").write_text("2")
    assert back_to(repository, workspace, tree) == []
    assert files_of(workspace / "web") == {
        "node_modules/old.js": ("file 644", b"2"),
        "node_modules/new.js": ("file 644", b"2"),
    }


def test_it_puts_everything_back(repository: Repository, workspace: Path) -> None:
    fill(workspace)
    before = files_of(workspace)
    tree = repository.capture_tree().tree
    (workspace / "src" / "deep" / "a.py").unlink()
    (workspace / "src" / "deep").rmdir()
    (workspace / "src" / "deep").write_text("a file now")
    (workspace / "src" / "b.bin").unlink()
    (workspace / "run.sh").chmod(0o644)
    (workspace / "plain").chmod(0o755)
    (workspace / "link").unlink()
    (workspace / "link").write_text("no link any more")
    (workspace / "empty").unlink()
    (workspace / "empty").symlink_to("plain")
    (workspace / "new" / "folder").mkdir(parents=True)
    (workspace / "new" / "folder" / "file").write_text("1")
    changed = files_of(workspace)
    second = repository.capture_tree().tree
    assert back_to(repository, workspace, tree) == []
    assert files_of(workspace) == before
    assert not (workspace / "new").exists()
    assert back_to(repository, workspace, second) == []
    assert files_of(workspace) == changed


def test_it_writes_through_no_link(repository: Repository, workspace: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    (workspace / "folder").mkdir()
    (workspace / "folder" / "file").write_text("kept")
    tree = repository.capture_tree().tree
    (workspace / "folder" / "file").write_text("changed")
    current = repository.capture_tree().tree
    changes = compare_trees(repository, current, tree)
    (workspace / "folder" / "file").unlink()
    (workspace / "folder").rmdir()
    (workspace / "folder").symlink_to(outside)
    with pytest.raises(RestoreFailed):
        apply_changes(repository, TreeWriter(workspace), changes)
    assert (outside / "file").read_text() == "mine"


def test_it_leaves_alone_what_changed_after_the_plan(repository: Repository, workspace: Path) -> None:
    (workspace / "file").write_text("first")
    (workspace / "other").write_text("first")
    tree = repository.capture_tree().tree
    (workspace / "file").write_text("second")
    (workspace / "other").write_text("second")
    changes = compare_trees(repository, repository.capture_tree().tree, tree)
    (workspace / "file").write_text("the person's own, a moment ago")
    assert apply_changes(repository, TreeWriter(workspace), changes) == ["file"]
    assert (workspace / "file").read_text() == "the person's own, a moment ago"
    assert (workspace / "other").read_text() == "first"
    # Called again, as after a crash, it finds its own work done.
    assert apply_changes(repository, TreeWriter(workspace), changes) == ["file"]


def test_it_restores_all_or_nothing(repository: Repository, workspace: Path) -> None:
    for name in ("a", "b", "z"):
        (workspace / name).write_text("first")
    tree = repository.capture_tree().tree
    (workspace / "a").write_text("second")
    (workspace / "b").unlink()
    (workspace / "z").unlink()
    (workspace / "z").mkdir()
    (workspace / "z" / "ignored").write_text("in the way")
    (workspace / ".gitignore").write_text("ignored\n")
    current = files_of(workspace)
    with pytest.raises(RestoreFailed, match="z could not be restored"):
        back_to(repository, workspace, tree)
    assert files_of(workspace) == current


def test_it_goes_into_nested_repositories_and_leaves_their_git_alone(
    repository: Repository, workspace: Path, tmp_path: Path
) -> None:
    add_submodule(workspace, tmp_path / "other")
    (workspace / "nested").mkdir()
    run_git(workspace / "nested", "init", "-q")
    (workspace / "nested" / "code.py").write_text("1\n")
    before = files_of(workspace, git=True)
    tree = repository.capture_tree().tree
    (workspace / "sub" / "lib.py").write_text("2\n")
    (workspace / "sub" / "new.py").write_text("2\n")
    (workspace / "nested" / "code.py").unlink()
    assert back_to(repository, workspace, tree) == []
    assert files_of(workspace, git=True) == before
    assert run_git(workspace / "sub", "status", "--porcelain") == ""
