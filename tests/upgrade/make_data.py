"""Makes data.tar.gz and expected.json.gz: plays chats on the server of the checkout it runs in. README.md says how."""

import gzip
import json
import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from tests.environment import clean_environment
from tests.server import Server
from tests.snapshots.conftest import History, command, run_git, write
from tests.turns.conftest import Talk
from tests.turns.test_approvals import decide, waiting
from tests.turns.test_restart import crash
from tests.upgrade.old_data import DATABASE, read_answers, unpack

END = {"step": True}
PATCH = "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-zwei\n+two\n--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+new\n"


def call(tool: str, **args: Any) -> dict[str, Any]:
    return {"tool": tool, "args": args}


HISTORY: list[Any] = [
    {"reasoning": "First I look around, then I write. ", "chunk": 8},
    {"text": "I look around — “gründlich” 🔎.", "chunk": 5},
    *(call("list_files"), call("read_file", path="mine.txt"), call("git_status")),
    call("todo", items=[{"text": "Write a.txt", "state": "doing"}, {"text": "Change it"}]),
    {"usage": {"prompt_tokens": 1200, "cache_tokens": 800}},
    END,
    write("a.txt", "one\n"),
    *({"text": "First."}, END),
    call("edit_file", path="a.txt", old="one", new="zwei"),
    call("apply_patch", patch=PATCH),
    command("sh", "-c", "echo made by a command > b.txt; chmod +x b.txt; ln -s a.txt c"),
    command("sh", "-c", "echo to the other side >&2; exit 1"),
    command("seq", "1", "40000"),
    call("search_files", pattern="t.o"),
    call("read_file", path="no such file"),
    call("todo", items=[{"text": "Write a.txt", "state": "done"}, {"text": "Change it", "state": "done"}]),
    *({"text": "Second."}, END),
    *(call("move_file", path="new.txt", to="moved.txt"), call("delete_file", path="b.txt"), END),
    write("a.txt", "three\n"),
    call("git_diff"),
    *({"text": "Third."}, END),
    write("a.txt", "four\n"),
    *({"text": "Fourth."}, END),
]


class Maker:
    """Makes projects, scripts and chats in `home`."""

    def __init__(self, home: Path, server: Server) -> None:
        self.home = home
        self.server = server

    def project(self, name: str) -> Path:
        folder = self.home / "projects" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def script(self, name: str, items: list[Any]) -> str:
        (self.home / "scripts" / f"{name}.json").write_text(json.dumps(items))
        return f"scripted:{name}"

    def talk(self, project: str, name: str, items: list[Any], **fields: Any) -> Talk:
        return Talk(self.server, self.project(project), self.script(name, items), **fields)

    def another_chat(self, talk: Talk, name: str, items: list[Any]) -> Talk:
        """A chat more in the same session."""
        chat = Talk.__new__(Talk)
        chat.__dict__ |= talk.__dict__
        fields = {"name": name, "model": self.script(name, items)}
        chat.chat_id = self.server.api("POST", f"/api/sessions/{talk.session_id}/chats", fields)["id"]
        return chat


def play_history(maker: Maker) -> None:
    """Turns that write, every kind of restore and its undo, and a branch: messages that are taken back."""
    root = maker.project("history")
    (root / "mine.txt").write_text("mine\n")
    run_git(root, "init", "-q", "--template=", "-b", "main")
    run_git(root, "add", ".")
    run_git(root, "commit", "-q", "-m", "one")
    history = History(maker.talk("history", "history", HISTORY, check_command="off"))
    first, second, _third = [history.turn(word) for word in ("One", "Two", "Three")]
    for scope in ("conversation", "files", "both"):
        done = history.restore(first, scope=scope)
        history.restore(done["undo"], scope=scope)
    (root / "mine.txt").write_text("mine, changed by hand\n")
    history.restore(second)
    history.turn("Three, another way")
    maker.server.api("PATCH", f"/api/sessions/{history.chat.session_id}", {"name": "A history"})


def play_endings(maker: Maker) -> None:
    """A session of several chats whose turns end in every way, in a project whose build breaks and is mended."""
    good, broken = "def f():\n    return 1\n", "def f(:\n    return 1\n"
    (maker.project("endings") / "app.py").write_text(good)
    mended = [write("app.py", broken), {"text": "Written."}, END, write("app.py", good), {"text": "Mended."}]
    chat = maker.talk("endings", "mended", mended)
    chat.say("Break it")
    chat.wait()
    failing = [{"text": "Half an "}, {"error": {"reason": "refused"}}, END, {"text": "Better."}]
    failed = maker.another_chat(chat, "failing", failing)
    for word in ("Fail", "Try again"):
        failed.say(word)
        failed.wait()
    timeout = call("run_command", command=["sh", "-c", "echo begun; sleep 30"], timeout_s=0.5)
    unknown = {"tool": "no_such_tool", "args": "not {json"}
    slow = [
        *(timeout, unknown, command("sh", "-c", "echo working; sleep 60")),
        {"text": "word " * 200, "chunk": 5, "delay_ms": 20},
    ]
    cancelled = maker.another_chat(chat, "slow", slow)
    with cancelled.server.socket(cancelled.session_id) as socket:
        socket.reconnect()
        cancelled.say("Work")
        socket.until(lambda frame: frame["type"] == "tool_output" and "working" in frame["chunk"])
        cancelled.cancel()
        cancelled.wait()
        cancelled.say("Speak")
        socket.until(lambda frame: frame.get("channel") == "text" and "word" in frame["content"])
        cancelled.cancel()
        cancelled.wait()


def play_kills(maker: Maker) -> None:
    """kill -9 while a command runs (nobody decided about it yet), and while the model speaks."""
    script = [
        command("sh", "-c", "echo half of it; touch begun; sleep 60"),
        {"text": "I see."},
        END,
        {"text": "word " * 40, "chunk": 5, "delay_ms": 20},
    ]
    chat = maker.talk("kills", "kills", script)
    for word, is_time in (
        ("Run", lambda frame: frame["type"] == "tool_output" and "half of it" in frame["chunk"]),
        ("Speak", lambda frame: frame.get("channel") == "text" and "word" in frame["content"]),
    ):
        with maker.server.socket(chat.session_id) as socket:
            socket.reconnect()
            chat.say(word)
            socket.until(is_time)
            crash(maker.server)
        maker.server.start()
        chat.wait(60)


def play_approvals(maker: Maker) -> None:
    """A call that is allowed, one that is denied, one that is always allowed and then not asked about, and a rule."""
    step = [command("touch", "made.txt"), {"text": "Done."}, END]
    chat = maker.talk(
        "approvals", "approvals", [*step * 4, command("rm", "made.txt"), {"text": "Fine."}], approval="ask"
    )
    for decision, fields in (("allow", {}), ("deny", {"note": "Use the tool instead."}), ("always", {})):
        chat.say(f"Touch it: {decision}")
        waiting(chat)
        decide(chat, decision, None, **fields)
        chat.wait()
    chat.say("Once more")
    chat.wait()
    rule = {"tool": "run_command", "pattern": "rm **", "verdict": "deny"}
    maker.server.api("POST", f"/api/projects/{chat.project['id']}/rules", rule)
    chat.say("Remove it", auto_fix=False)
    chat.wait()


def play_waiting(maker: Maker) -> None:
    """A turn that still waits for a person when the server is stopped."""
    script = [command("touch", "made.txt"), {"text": "It is made."}]
    chat = maker.talk("waiting", "waiting", script, approval="ask")
    chat.say("Make it")
    waiting(chat)


def pack(home: Path, archive: Path) -> None:
    for name in ("static", "secret_key", "serve.lock", "log_mark"):
        path = home / "data" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    connection = sqlite3.connect(home / "data" / DATABASE)
    connection.execute("UPDATE chats_project SET root = substr(root, ?)", (len(str(home)) + 1,))
    connection.commit()
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("VACUUM")
    connection.close()
    with tarfile.open(archive, "w:gz") as packed:
        for name in ("data", "projects", "scripts", "token"):
            packed.add(home / name, name, filter=_anonymous)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main(out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve() / "made"
        (home / "scripts").mkdir(parents=True)
        environment = clean_environment(os.environ, home / "data", home / "scripts")
        maker = Maker(home, Server(home / "data", environment).start())
        maker.server.token = maker.server.manage("createtoken", "admin").strip()
        (home / "token").write_text(maker.server.token)
        for play in (play_history, play_endings, play_approvals, play_kills, play_waiting):
            play(maker)
        maker.server.stop()
        pack(home, out / "data.tar.gz")

        home = home.with_name("unpacked")
        unpack(home, out / "data.tar.gz")
        server = Server(home / "data", environment, maker.server.token).start()
        answers = read_answers(server, home)
        server.stop()
        (out / "expected.json.gz").write_bytes(gzip.compress(json.dumps(answers, sort_keys=True).encode()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
