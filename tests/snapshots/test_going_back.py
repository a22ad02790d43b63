"""Chat and files are taken back to a checkpoint, and forth again."""

from collections.abc import Callable
from typing import Any

from tests.server import Server
from tests.snapshots.conftest import History, command, files_of, run_git, write

END = {"step": True}
SCRIPT: list[Any] = [
    write("a.txt", "one\n"),
    *({"text": "First."}, END),
    write("a.txt", "two\n"),
    command("sh", "-c", "echo made by a command > b.txt; chmod +x b.txt; ln -s a.txt c"),
    *({"text": "Second."}, END),
    write("a.txt", "three\n"),
    *({"text": "Third."}, END),
    {"text": "Fourth."},
]


def three_turns(history: Callable[..., History], **fields: Any) -> tuple[History, list[dict[str, Any]]]:
    talk = history(SCRIPT, **fields)
    (talk.chat.root / "mine.txt").write_text("mine\n")
    return talk, [talk.turn(word) for word in ("One", "Two", "Three")]


def test_the_timeline_tells_what_each_turn_did(history: Callable[..., History]) -> None:
    talk, _ = three_turns(history)
    start, first, second, third = talk.places()
    assert (start["kind"], start["turn"], start["head"]) == ("start", None, False)
    assert [place["title"] for place in (first, second, third)] == ["One", "Two", "Three"]
    assert second["tools"] == {"write_file": 1, "run_command": 1}
    assert second["files"]["state"] == "kept"
    assert [second["files"][name] for name in ("changed", "added", "removed")] == [3, 3, 1]
    assert second["cost_usd"] is None
    assert second["tokens"]["prompt"] > 0
    assert (third["head"], third["taken_back"]) == (True, False)
    messages = {message["id"]: message for message in talk.chat.messages()}
    assert messages[second["message_id"]]["content"] == "Two"
    assert messages[second["position"]]["content"] == "Second."


def test_it_restores_both_and_can_be_undone(history: Callable[..., History]) -> None:
    talk, (first, _second, _third) = three_turns(history)
    before, said = files_of(talk.chat.root), talk.texts()
    done = talk.restore(first)
    assert files_of(talk.chat.root) == {
        "a.txt": ("file 644", b"one\n"),
        "mine.txt": ("file 644", b"mine\n"),
    }
    assert talk.texts() == ["One", "", "First."]
    assert talk.chat.snapshot()["turn"] == first["turn"]
    places = {place["id"]: place for place in talk.places()}
    assert [place["taken_back"] for place in places.values()] == [False, False, True, True, True, False]
    assert places[done["result"]]["checkpoint"] == first["id"]
    talk.restore(done["undo"])
    assert files_of(talk.chat.root) == before
    assert talk.texts() == said


def test_it_restores_the_conversation_alone(history: Callable[..., History]) -> None:
    talk, (first, *_) = three_turns(history)
    before = files_of(talk.chat.root)
    talk.restore(first, scope="conversation")
    assert talk.texts() == ["One", "", "First."]
    assert files_of(talk.chat.root) == before


def test_it_restores_the_files_alone(history: Callable[..., History]) -> None:
    talk, (first, *_) = three_turns(history)
    said = talk.texts()
    talk.restore(first, scope="files")
    assert (talk.chat.root / "a.txt").read_text() == "one\n"
    assert talk.texts() == said


def test_it_goes_back_to_before_the_first_turn(history: Callable[..., History]) -> None:
    talk, _ = three_turns(history)
    talk.restore(talk.places()[0])
    assert files_of(talk.chat.root) == {"mine.txt": ("file 644", b"mine\n")}
    assert talk.texts() == []


def test_the_model_is_not_told_what_was_taken_back(history: Callable[..., History]) -> None:
    talk, (first, *_) = three_turns(history)
    talk.restore(first)
    # The script stands where the transcript does: had the model seen the later turns, it would say “Fourth.”
    talk.turn("Two again")
    assert talk.texts()[-1] == "Second."
    assert (talk.chat.root / "b.txt").exists()


def test_branches_can_be_changed_between(history: Callable[..., History]) -> None:
    talk, (first, *_) = three_turns(history)
    said = talk.texts()
    undo = talk.restore(first)["undo"]
    talk.turn("Another way")
    other = talk.texts()
    back = talk.restore(undo, overwrite_all=True)["undo"]
    assert talk.texts() == said
    assert (talk.chat.root / "a.txt").read_text() == "three\n"
    talk.restore(back, overwrite_all=True)
    assert talk.texts() == other
    assert (talk.chat.root / "a.txt").read_text() == "two\n"


def test_the_preview_tells_and_changes_nothing(history: Callable[..., History]) -> None:
    talk, (first, *_) = three_turns(history)
    before, said = files_of(talk.chat.root), talk.texts()
    told = talk.restore(first, preview=True)
    assert told["messages"]["hidden_count"] == 9
    files = {file["path"]: file for file in told["files"]}
    assert {path: file["status"] for path, file in files.items()} == {
        "a.txt": "modified",
        "b.txt": "deleted",
        "c": "deleted",
    }
    assert "-three\n+one\n" in files["a.txt"]["diff"]
    assert told["conflicts"] == 0
    assert (files_of(talk.chat.root), talk.texts()) == (before, said)
    assert len(talk.places()) == 4


def test_it_keeps_what_the_person_changed_unless_told_otherwise(history: Callable[..., History]) -> None:
    talk, (first, *_) = three_turns(history)
    (talk.chat.root / "a.txt").write_text("my own\n")
    (talk.chat.root / "mine.txt").write_text("changed\n")
    told = {file["path"]: file for file in talk.restore(first, preview=True)["files"]}
    assert told["a.txt"]["conflict"]
    assert told["a.txt"]["kept"]
    assert told["mine.txt"]["kept"]
    assert told["b.txt"]["conflict"] is None
    done = talk.restore(first, overwrite=["mine.txt"])
    assert done["kept"] == ["a.txt"]
    assert (talk.chat.root / "a.txt").read_text() == "my own\n"
    assert (talk.chat.root / "mine.txt").read_text() == "mine\n"
    assert not (talk.chat.root / "b.txt").exists()


def test_what_the_person_changed_between_turns_is_theirs(history: Callable[..., History]) -> None:
    talk = history(SCRIPT)
    (talk.chat.root / "mine.txt").write_text("mine\n")
    first = talk.turn("One")
    (talk.chat.root / "mine.txt").write_text("changed between\n")
    talk.turn("Two")
    told = {file["path"]: file for file in talk.restore(first, preview=True)["files"]}
    assert told["mine.txt"]["conflict"]
    assert told["a.txt"]["conflict"] is None


def test_it_restores_one_file(history: Callable[..., History]) -> None:
    talk, (first, *_) = three_turns(history)
    talk.restore(first, scope="files", paths=["b.txt"])
    assert (talk.chat.root / "a.txt").read_text() == "three\n"
    assert not (talk.chat.root / "b.txt").exists()
    talk.chat.server.api(
        "POST", f"{talk.url}/restorations", {"checkpoint": first["id"], "scope": "both", "paths": ["a.txt"]}, expect=400
    )


def test_it_is_refused_where_the_folder_became_a_link(history: Callable[..., History]) -> None:
    talk, (first, *_) = three_turns(history)
    root = talk.chat.root
    other = root.rename(root.with_name("moved"))
    root.symlink_to(other)
    before = files_of(other)
    refused = talk.restore(first, scope="files", expect=409)
    assert "can't be opened" in refused["detail"]
    assert files_of(other) == before


def test_it_is_refused_while_a_turn_runs(history: Callable[..., History]) -> None:
    talk = history([{"text": "First."}, END, {"wait_s": 60}, {"text": "never"}])
    first = talk.turn("One")
    talk.chat.say("Wait")
    talk.chat.wait_until(lambda: talk.chat.status() == "running")
    refused = talk.restore(first, expect=409)
    assert "Stop it first" in refused["detail"]
    talk.chat.server.api("POST", refused["cancellation"])
    talk.chat.wait()
    talk.restore(first)
    assert talk.texts() == ["One", "First."]


def test_another_chat_at_work_on_the_files_is_named_and_can_be_stopped(history: Callable[..., History]) -> None:
    talk = history([{"text": "First."}, END, {"wait_s": 60}, {"text": "never"}])
    first = talk.turn("One")
    server = talk.chat.server
    other = server.make_session(
        talk.chat.project, model=server.api("GET", f"/api/sessions/{talk.chat.session_id}")["model"]
    )
    other_id = other["chats"][0]["id"]
    server.send(other_id, "One")
    talk.chat.wait_until(lambda: server.api("GET", f"/api/chats/{other_id}")["status"] == "idle")
    server.send(other_id, "Build the boat")
    talk.chat.wait_until(lambda: len(server.messages(other["id"])) > 3)
    running = server.api("GET", f"/api/chats/{other_id}/timeline")[-1]
    assert (running["running"], running["title"]) == (True, "Build the boat")
    refused = talk.restore(first, preview=True, expect=409)
    assert "“One”" in refused["detail"]
    assert talk.restore(first, preview=True, scope="conversation")["scope"] == "conversation"
    server.api("POST", refused["cancellation"])
    talk.chat.wait_until(lambda: server.api("GET", f"/api/chats/{other_id}")["status"] == "idle")
    assert talk.restore(first, preview=True)["conflicts"] == 0


def test_other_tabs_follow(history: Callable[..., History]) -> None:
    talk, (first, *_) = three_turns(history)
    server: Server = talk.chat.server
    with server.socket(talk.chat.session_id) as tab:
        epoch = tab.reconnect()["epoch"]
        talk.restore(first)
        snapshot = tab.until(lambda frame: frame["type"] == "snapshot" and frame["epoch"] != epoch)
    assert [message["content"] for message in snapshot["messages"] if message["role"] != "tool"] == talk.texts()
    assert len(snapshot["traces"]) == 1
    with server.socket(talk.chat.session_id) as tab:
        assert tab.reconnect({"text": 1}, epoch)["recovered"] is False


def test_the_versions_of_a_file_name_their_calls(history: Callable[..., History]) -> None:
    talk, (first, second, third) = three_turns(history)
    api = talk.chat.server.api
    versions = api("GET", f"{talk.url}/files/a.txt/versions")
    assert [version["checkpoint"] for version in versions] == [third["id"], second["id"], first["id"]]
    traces = {trace["id"]: trace for trace in talk.chat.traces()}
    assert [traces[version["trace"]]["tool"] for version in versions] == ["write_file"] * 3
    assert {version["by"] for version in versions} == {"agent"}
    (by_command,) = api("GET", f"{talk.url}/files/b.txt/versions")
    assert by_command["turn"] == second["turn"]
    assert traces[by_command["trace"]]["tool"] == by_command["tool"] == "run_command"
    (mine,) = api("GET", f"{talk.url}/files/mine.txt/versions")
    assert mine["by"] == "person"
    then = api("GET", f"{talk.url}/checkpoints/{second['id']}/files/a.txt")
    assert then["text"] == "two\n"
    assert "-three\n+two" in then["diff_from_now"]
    api("GET", f"{talk.url}/checkpoints/{second['id']}/files/no/such.txt", expect=404)
    assert api("GET", f"{talk.url}/files/..%2F..%2Fetc%2Fpasswd/versions") == []


def test_a_checkpoint_tells_which_files_its_turn_changed(history: Callable[..., History]) -> None:
    talk, (_first, second, _third) = three_turns(history)
    answer = talk.chat.server.api("GET", f"{talk.url}/checkpoints/{second['id']}/files")
    found = [(file["path"], file["status"], file["added"], file["removed"]) for file in answer["files"]]
    assert found == [("a.txt", "modified", 1, 1), ("b.txt", "added", 1, 0), ("c", "added", 1, 0)]
    start = talk.places()[0]
    assert talk.chat.server.api("GET", f"{talk.url}/checkpoints/{start['id']}/files") == {"files": None}


def test_it_names_the_patch_that_made_a_version(history: Callable[..., History]) -> None:
    patch = "--- a/new.txt\n+++ b/new.txt\n@@ -1 +1 @@\n-one\n+two\n"
    look = {"tool": "read_file", "args": {"path": "new.txt"}}
    script = [{"tool": "apply_patch", "args": {"patch": patch}}, {"step": True}, look, {"text": "Done."}]
    talk = history(script)
    (talk.chat.root / "new.txt").write_text("one\n")
    talk.turn("Patch it")
    patched, found = talk.chat.server.api("GET", f"{talk.url}/files/new.txt/versions")
    assert (patched["tool"], patched["trace"]) == ("apply_patch", talk.chat.traces()[0]["id"])
    assert (found["by"], found["kind"]) == ("person", "start")


def test_a_restore_says_what_it_was(history: Callable[..., History]) -> None:
    talk, (first, *_) = three_turns(history)
    done = talk.restore(first)
    head = talk.places()[-1]
    assert (head["head"], head["of"], head["title"]) == (True, "turn", "One")
    assert head["undo"] == done["undo"]
    newest = talk.chat.server.api("GET", f"{talk.url}/files/a.txt/versions")[0]
    assert newest["by"] == "restore"


def test_the_persons_own_repository_is_never_touched(history: Callable[..., History]) -> None:
    talk = history(SCRIPT)
    root = talk.chat.root
    run_git(root, "init", "-q")
    (root / "tracked.txt").write_text("1\n")
    run_git(root, "add", ".")
    run_git(root, "commit", "-q", "-m", "one")
    (root / "tracked.txt").write_text("2\n")
    run_git(root, "stash", "-q")
    (root / "staged.txt").write_text("staged\n")
    run_git(root, "add", "staged.txt")
    hook = root / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {root.parent}/hook-ran\n")
    hook.chmod(0o755)
    for name in ("core.fsmonitor", "filter.evil.clean", "diff.external"):
        run_git(root, "config", name, f"touch {root.parent}/{name}-ran; false")
    (root / ".gitattributes").write_text("* filter=evil diff=evil\n")
    before = {name: value for name, value in files_of(root, git=True).items() if name.startswith(".git/")}
    for word in ("One", "Two", "Three"):
        place = talk.turn(word)
    talk.restore(talk.places()[1])
    talk.restore(place)
    after = {name: value for name, value in files_of(root, git=True).items() if name.startswith(".git/")}
    assert after == before
    assert list(root.parent.glob("*-ran")) == []
    run_git(root, "fsck", "--strict")


def test_strangers_find_nothing(history: Callable[..., History]) -> None:
    _talk, (first, *_) = three_turns(history)
    other = history([{"text": "x"}])
    other.restore(first, expect=404)
