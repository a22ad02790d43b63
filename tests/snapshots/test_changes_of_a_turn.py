"""What a turn changed is one diff, in which a file that got another name is one change."""

from collections.abc import Callable
from pathlib import Path

from snapshots.files.renames import compare_with_renames, make_diff_with_renames
from snapshots.files.repository import Repository
from tests.snapshots.conftest import History, command, write

LINES = "".join(f"line {number}\n" for number in range(100))


def test_a_rename_is_one_change(workspace: Path, repository: Repository) -> None:
    moved = LINES.replace("line", "row")
    for name, text in {"old name.txt": LINES, "edited": LINES * 2, "gone": "x\n", "moved": moved}.items():
        (workspace / name).write_text(text)
    (workspace / "binary").write_bytes(b"\0\1")
    before = repository.capture_tree().tree
    (workspace / "old name.txt").rename(workspace / "\u00fcber.txt")
    (workspace / "edited").write_text((LINES * 2).replace("line 7\n", "line seven\n", 1))
    (workspace / "gone").unlink()
    (workspace / "new").write_text("1\n2\n")
    (workspace / "binary").write_bytes(b"\0\2")
    (workspace / "sub").mkdir()
    (workspace / "moved").unlink()
    (workspace / "sub/moved").write_text(moved + "more\n")
    after = repository.capture_tree().tree
    found = [tuple(change.encode().values()) for change in compare_with_renames(repository, before, after)]
    assert found == [
        ("binary", "", "modified", None, None),
        ("edited", "", "modified", 1, 1),
        ("gone", "", "deleted", 0, 1),
        ("new", "", "added", 2, 0),
        ("sub/moved", "moved", "renamed", 1, 0),
        ("\u00fcber.txt", "old name.txt", "renamed", 0, 0),
    ]
    diff, cut = make_diff_with_renames(repository, before, after)
    assert "rename from moved" in diff
    assert "-line 7\n+line seven\n" in diff
    assert not cut


def test_the_api_shows_what_a_turn_changed(history: Callable[..., History]) -> None:
    script = [write("a.txt", LINES), {"text": "First."}, {"step": True}, command("mv", "a.txt", "b.txt")]
    talk = history([*script, {"text": "Second."}])
    for words in ("One", "Two"):
        talk.turn(words)
    places = [place for place in talk.places() if place["kind"] == "turn"]
    shown = [talk.chat.server.api("GET", f"/api/turns/{place['turn']}/changes")["files"] for place in places]
    assert [[(file["status"], file["path"], file["added"]) for file in files] for files in shown] == [
        [("added", "a.txt", 100)],
        [("renamed", "b.txt", 0)],
    ]
    assert [place["files"]["added"] for place in places] == [100, 0]
