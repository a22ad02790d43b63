"""What a checkpoint's tree holds, whatever lies in the folder."""

import os
from pathlib import Path
from uuid import uuid4

from pytest_django.fixtures import Settings

from snapshots.files.repository import LARGE_BYTES, Repository
from snapshots.files.tree_diff import compare_trees, read_blobs
from tests.snapshots.conftest import add_submodule, run_git


def names(repository: Repository, tree: str) -> dict[str, str]:
    """Modes by path."""
    lines = repository.git("ls-tree", "-r", "-z", tree).split(b"\0")[:-1]
    return {line.split(b"\t", 1)[1].decode(errors="backslashreplace"): line[:6].decode() for line in lines}


def content(repository: Repository, tree: str, path: str) -> bytes:
    return repository.git("cat-file", "blob", f"{tree}:{path}")


def test_it_holds_files_links_and_execute_bits(repository: Repository, workspace: Path) -> None:
    (workspace / "src").mkdir()
    (workspace / "src" / "app.py").write_text("print(1)\n")
    (workspace / "run.sh").write_text("#!/bin/sh\n")
    (workspace / "run.sh").chmod(0o755)
    (workspace / "link").symlink_to("/etc/passwd")
    (workspace / "dangling").symlink_to("nowhere")
    os.mkfifo(workspace / "pipe")
    taken = repository.capture_tree()
    assert names(repository, taken.tree) == {
        "src/app.py": "100644",
        "run.sh": "100755",
        "link": "120000",
        "dangling": "120000",
    }
    assert content(repository, taken.tree, "link") == b"/etc/passwd"


def test_it_holds_bytes_as_they_are(repository: Repository, workspace: Path) -> None:
    (workspace / ".gitattributes").write_text("* text=auto eol=lf ident filter=evil working-tree-encoding=UTF-16\n")
    (workspace / "crlf.txt").write_bytes(b"a\r\n$Id$\r\nb\xff\n")
    (workspace / "odd\nname \\x").write_text("1")
    Path(os.fsdecode(os.path.join(os.fsencode(workspace), b"not-utf8-\xff"))).write_text("2")
    taken = repository.capture_tree()
    assert content(repository, taken.tree, "crlf.txt") == b"a\r\n$Id$\r\nb\xff\n"
    assert "odd\nname \\x" in names(repository, taken.tree)
    assert "not-utf8-\\xff" in names(repository, taken.tree)


def test_it_leaves_out_what_git_ignores(repository: Repository, workspace: Path) -> None:
    run_git(workspace, "init", "-q")
    (workspace / ".gitignore").write_text("*.log\n/build/\n")
    (workspace / ".git" / "info").mkdir(exist_ok=True)
    (workspace / ".git" / "info" / "exclude").write_text("private\n")
    (workspace / "build").mkdir()
    (workspace / "deep").mkdir()
    (workspace / "deep" / ".gitignore").write_text("!kept.log\n")
    for name in ("a.log", "build/x", "private", "deep/b.log", "deep/kept.log", "file"):
        (workspace / name).write_text(name)
    run_git(workspace, "add", "-f", "a.log")
    kept = set(names(repository, repository.capture_tree().tree))
    # What the person's repository keeps in spite of its rules belongs to the project.
    assert kept == {".gitignore", "deep/.gitignore", "deep/kept.log", "file", "a.log"}


def test_it_names_the_large_files_that_it_leaves_out(repository: Repository, workspace: Path) -> None:
    (workspace / "small").write_text("1")
    (workspace / "grows").write_text("1")
    (workspace / "large.bin").write_bytes(b"\0" * (LARGE_BYTES + 1))
    first = repository.capture_tree()
    assert [item.path for item in first.left_out] == ["large.bin"]
    assert "10 MB" in first.left_out[0].reason
    (workspace / "grows").write_bytes(b"\0" * (LARGE_BYTES + 1))
    second = repository.capture_tree()
    assert {item.path for item in second.left_out} == {"large.bin", "grows"}
    assert set(names(repository, second.tree)) == {"small"}


def write_all(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_it_names_the_folders_that_can_be_made_anew(repository: Repository, workspace: Path) -> None:
    (workspace / "large.bin").write_bytes(b"\0" * (LARGE_BYTES + 1))
    write_all(workspace, "app.py", "node_modules/x/index.js", "web/node_modules/y.js", ".venv/bin/x", "only/venv/z")
    write_all(workspace, "src/__pycache__/app.pyc", "target/app", "node_modules.txt", "web/target/kept")
    for _ in range(2):
        taken = repository.capture_tree()
        assert set(names(repository, taken.tree)) == {"app.py", "target/app", "node_modules.txt", "web/target/kept"}
        assert [item.path for item in taken.left_out] == [
            "large.bin",
            *(".venv/", "node_modules/", "only/venv/", "src/__pycache__/", "web/node_modules/"),
        ]
        assert taken.left_out_count == 6
        assert "made anew" in taken.left_out[1].reason


def test_it_leaves_out_what_is_built_beside_its_manifest(repository: Repository, workspace: Path) -> None:
    write_all(workspace, "Cargo.toml", "target/debug/app", "src/target/mod.rs")
    taken = repository.capture_tree()
    assert set(names(repository, taken.tree)) == {"Cargo.toml", "src/target/mod.rs"}
    assert [item.path for item in taken.left_out] == ["target/"]


def test_it_obeys_the_projects_rules_about_such_folders(repository: Repository, workspace: Path) -> None:
    run_git(workspace, "init", "-q")
    (workspace / ".git" / "info").mkdir(exist_ok=True)
    (workspace / ".git" / "info" / "exclude").write_text("!.tox/\n.nox/\n")
    write_all(workspace, "node_modules/kept.js", ".venv/x", ".tox/kept", ".nox/x", ".gradle/x")
    (workspace / ".gitignore").write_text("!node_modules\n.venv\n")
    taken = repository.capture_tree()
    assert set(names(repository, taken.tree)) == {".gitignore", "node_modules/kept.js", ".tox/kept"}
    # What the project's own rules ignore is no news.
    assert [item.path for item in taken.left_out] == [".gradle/"]


def test_it_holds_such_folders_where_they_are_in_the_projects_repository(
    repository: Repository, workspace: Path
) -> None:
    run_git(workspace, "init", "-q")
    write_all(workspace, "Lib/venv/__init__.py", "odd [1]/node_modules/a/node_modules/b.js")
    run_git(workspace, "add", ".")
    write_all(workspace, "Lib/venv/new.py", "odd [1]/node_modules/a/node_modules/new.js", "odd 1/node_modules/x")
    taken = repository.capture_tree()
    assert set(names(repository, taken.tree)) == {
        *("Lib/venv/__init__.py", "Lib/venv/new.py"),
        *("odd [1]/node_modules/a/node_modules/b.js", "odd [1]/node_modules/a/node_modules/new.js"),
    }
    assert [item.path for item in taken.left_out] == ["odd 1/node_modules/"]


def test_it_holds_the_files_of_nested_repositories(repository: Repository, workspace: Path) -> None:
    run_git(workspace, "init", "-q")
    for nested in ("vendor/lib", "vendor/lib/inner", "empty"):
        (workspace / nested).mkdir(parents=True)
        run_git(workspace / nested, "init", "-q")
    (workspace / "vendor" / "lib" / "code.py").write_text("1")
    (workspace / "vendor" / "lib" / "x.log").write_text("1")
    (workspace / "vendor" / "lib" / "inner" / "deep.py").write_text("1")
    (workspace / ".gitignore").write_text("*.log\n")
    run_git(workspace / "vendor" / "lib", "add", "code.py")
    run_git(workspace / "vendor" / "lib", "commit", "-q", "-m", "one")
    for _ in range(2):
        taken = repository.capture_tree()
        assert set(names(repository, taken.tree)) == {".gitignore", "vendor/lib/code.py", "vendor/lib/inner/deep.py"}


def test_it_holds_the_files_of_a_submodule(repository: Repository, workspace: Path, tmp_path: Path) -> None:
    add_submodule(workspace, tmp_path / "other")
    (workspace / "sub" / "new.py").write_text("2")
    assert set(names(repository, repository.capture_tree().tree)) == {".gitmodules", "sub/lib.py", "sub/new.py"}


def test_it_follows_what_becomes_of_a_name(repository: Repository, workspace: Path) -> None:
    (workspace / "a").write_text("file")
    (workspace / "b").mkdir()
    (workspace / "b" / "c").write_text("1")
    (workspace / "gone").write_text("1")
    first = repository.capture_tree()
    (workspace / "a").unlink()
    (workspace / "a").mkdir()
    (workspace / "a" / "inner").write_text("1")
    (workspace / "b" / "c").unlink()
    (workspace / "b").rmdir()
    (workspace / "b").symlink_to("a")
    (workspace / "gone").unlink()
    second = repository.capture_tree()
    assert names(repository, second.tree) == {"a/inner": "100644", "b": "120000"}
    assert [(change.path, change.status) for change in compare_trees(repository, first.tree, second.tree)] == [
        ("a", "deleted"),
        ("a/inner", "added"),
        ("b", "added"),
        ("b/c", "deleted"),
        ("gone", "deleted"),
    ]


def test_it_sees_a_change_that_keeps_size_and_second(repository: Repository, workspace: Path) -> None:
    (workspace / "quick").write_text("a")
    trees = [repository.capture_tree().tree]
    for letter in "bcdefgh":
        (workspace / "quick").write_text(letter)
        trees.append(repository.capture_tree().tree)
    assert len(set(trees)) == len(trees)


def test_it_goes_on_after_a_kill_in_the_middle(repository: Repository, workspace: Path) -> None:
    (workspace / "one").write_text("1")
    repository.capture_tree()
    # What a killed git leaves behind.
    (repository.directory / "boocode-index.new").write_bytes(b"half")
    (repository.directory / "boocode-index.new.lock").write_bytes(b"")
    (workspace / "two").write_text("2")
    assert set(names(repository, repository.capture_tree().tree)) == {"one", "two"}


def test_it_leaves_out_boocodes_own_data(settings: Settings, workspace: Path) -> None:
    settings.DATA_DIR = workspace / "my [data]"
    settings.DATA_DIR.mkdir()
    (settings.DATA_DIR / "boocode.sqlite3").write_text("secret")
    (workspace / "file").write_text("1")
    repository = Repository(uuid4(), str(workspace))
    assert set(names(repository, repository.capture_tree().tree)) == {"file"}


def test_it_counts_the_lines_that_changed(repository: Repository, workspace: Path) -> None:
    (workspace / "text").write_text("1\n2\n3\n")
    (workspace / "bytes").write_bytes(b"\0\1")
    first = repository.capture_tree()
    (workspace / "text").write_text("1\ntwo\n3\n4\n")
    (workspace / "bytes").write_bytes(b"\0\2")
    changes = {change.path: change for change in compare_trees(repository, first.tree, repository.capture_tree().tree)}
    assert (changes["text"].added, changes["text"].removed) == (2, 1)
    assert (changes["bytes"].added, changes["bytes"].removed) == (None, None)
    blobs = [changes["text"].new.blob, changes["bytes"].new.blob]
    assert [data for _, data in read_blobs(repository, blobs)] == [b"1\ntwo\n3\n4\n", b"\0\2"]


def test_it_keeps_what_is_wanted_when_it_collects(repository: Repository, workspace: Path) -> None:
    trees = []
    for number in range(4):
        (workspace / "file").write_text(f"version {number}\n" * 1000)
        trees.append(repository.capture_tree().tree)
        repository.hold_tree(trees[-1])
    repository.collect_garbage({trees[1]})
    assert content(repository, trees[1], "file").startswith(b"version 1")
    assert b"missing" in repository.git("cat-file", "--batch-check", input=f"{trees[0]}\n".encode())
    (workspace / "new").write_text("1")
    assert set(names(repository, repository.capture_tree().tree)) == {"file", "new"}
