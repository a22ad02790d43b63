"""A restore removes only what was made since. What lay beside a checkpoint's tree stays, whatever a later one has."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from snapshots.files.repository import Repository
from tests.snapshots.conftest import History, files_of, run_git, write

LARGE = 11 * 1024 * 1024


def command(line: str) -> dict[str, object]:
    return {"tool": "run_command", "args": {"command": ["sh", "-c", line]}}


def nested(root: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub" / ".gitignore").write_text("*.key\nlocal/\n")
    (root / "sub" / "my.key").write_text("key")
    (root / "sub" / "local").mkdir()
    (root / "sub" / "local" / "notes").write_text("mine")


def plain(root: Path) -> None:
    (root / ".gitignore").write_text("data/\n.env\n")
    (root / ".env").write_text("SECRET=1\n")
    (root / "data").mkdir()
    (root / "data" / "x").write_text("mine")


def excluded(root: Path) -> None:
    run_git(root, "init", "-q")
    (root / ".git" / "info" / "exclude").write_text("private\n")
    (root / "private").write_text("mine")


def large(root: Path) -> None:
    (root / "film").write_bytes(b"x" * LARGE)


def made_anew(root: Path) -> None:
    (root / ".gitignore").write_text("*.log\n")
    (root / "node_modules").mkdir()
    (root / "node_modules" / "own.js").write_text("mine")


CASES = {
    "written anew": (plain, write(".gitignore", "# nothing\n")),
    "deleted": (plain, command("rm .gitignore")),
    "a line of it goes": (plain, write(".gitignore", ".env\n")),
    "taken back": (plain, write(".gitignore", "data/\n.env\n!.env\n!data/\n")),
    "a nested one": (nested, write("sub/.gitignore", "\n")),
    "a nested one deleted": (nested, command("rm sub/.gitignore")),
    "a folder's negation": (made_anew, write(".gitignore", "!node_modules\n")),
    "the repository's own rules": (excluded, command("true; rm -f .git/info/exclude || true")),
    "a large file shrunk": (large, command("echo small > film")),
}


@pytest.mark.parametrize(("prepare", "step"), CASES.values(), ids=CASES)
def test_what_was_there_stays(
    history: Callable[..., History], tmp_path: Path, prepare: Callable[[Path], None], step: dict[str, object]
) -> None:
    talk = history([write("made.txt", "x\n"), step, {"text": "Done."}])
    root = talk.chat.root
    prepare(root)
    before = files_of(root)
    talk.turn("go")
    after = files_of(root)
    start = talk.places()[0]
    told = talk.restore(start, preview=True, overwrite_all=True)
    theirs = {path for path in before if path not in (".gitignore", "sub/.gitignore")}
    going = {file["path"] for file in told["files"] if file["status"] == "deleted" and not file["kept"]}
    assert going == {"made.txt"}
    assert all(file["conflict"] and not file["can_overwrite"] for file in told["files"] if file["path"] in theirs)
    done = talk.restore(start, overwrite_all=True)
    assert "made.txt" not in files_of(root)
    assert {path: files_of(root)[path] for path in theirs} == {path: after[path] for path in theirs}
    for path in before.keys() - theirs:
        assert files_of(root)[path] == before[path]
    talk.restore(done["undo"], overwrite_all=True)
    assert files_of(root) == after


def test_what_an_agent_made_and_ignored_survives_an_undo(history: Callable[..., History]) -> None:
    talk = history([write(".gitignore", "*.dat\n"), command("echo new > new.dat"), {"text": "Done."}])
    talk.turn("go")
    root = talk.chat.root
    after = files_of(root)
    start = talk.places()[0]
    assert talk.restore(start, preview=True)["left_out"] == ["new.dat"]
    done = talk.restore(start)
    assert set(files_of(root)) == {"new.dat"}
    talk.restore(done["undo"])
    assert files_of(root) == after


def test_what_the_person_put_beside_the_trees_between_turns_stays(history: Callable[..., History]) -> None:
    script = [
        {"text": "Hello."},
        {"step": True},
        {"text": "Yes."},
        {"step": True},
        write(".gitignore", ""),
        {"text": "."},
    ]
    talk = history(script)
    root = talk.chat.root
    (root / ".gitignore").write_text(".env\n")
    talk.turn("first")
    first = talk.places()[0]
    (root / ".env").write_text("SECRET=1\n")
    talk.turn("second")
    talk.turn("third")
    talk.restore(first, overwrite_all=True)
    assert (root / ".env").read_text() == "SECRET=1\n"


def test_trees_of_older_versions_go_by_their_rules(history: Callable[..., History], tmp_path: Path) -> None:
    talk = history([write(".gitignore", ""), write("made.txt", "x"), {"text": "Done."}])
    plain(talk.chat.root)
    talk.turn("go")
    for records in talk.chat.server.data_dir.glob("checkpoints/*.git/outside"):
        shutil.rmtree(records)
    talk.restore(talk.places()[0], overwrite_all=True)
    assert set(files_of(talk.chat.root)) == {".gitignore", ".env", "data/x"}


def test_the_records_go_with_their_trees(repository: Repository, workspace: Path) -> None:
    (workspace / ".gitignore").write_text("x\n")
    (workspace / "x").write_text("1")
    trees = []
    for number in range(3):
        (workspace / "a").write_text(str(number))
        trees.append(repository.capture_tree().tree)
        repository.hold_tree(trees[-1])
    repository.collect_garbage({trees[0]})
    found = [repository.read_outside(tree) for tree in trees]
    assert [outside is not None and outside.holds(b"x") for outside in found] == [True, False, True]
