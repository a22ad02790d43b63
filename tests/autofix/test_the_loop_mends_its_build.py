"""A turn whose writes break the project hears of it, and of nothing else, before it may end."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server
from tests.turns.conftest import Talk

GOOD, BROKEN, WORSE = "def f():\n    return 1\n", "def f(:\n    return 1\n", "def f(:\n    return 1\n\n\nclass 1:\n"


def write(path: str, content: str) -> list[dict[str, Any]]:
    return [
        {"tool": "write_file", "args": {"path": path, "content": content}},
        {"text": f"{path} is written."},
        {"step": True},
    ]


def checks(chat: Talk) -> list[dict[str, Any]]:
    return [trace for trace in chat.traces() if trace["tool"] == "check"]


def told(chat: Talk) -> list[str]:
    return [message["content"] for message in chat.messages() if message["kind"] == "build"]


def build(chat: Talk) -> dict[str, Any]:
    """How the turn ended, as its last step's message tells it; the snapshot says the same."""
    said: dict[str, Any] = [message for message in chat.messages() if message["role"] == "assistant"][-1]["metadata"]
    assert chat.snapshot()["build"] == said["build"]
    return said["build"]


@pytest.fixture
def python_project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(GOOD)
    (tmp_path / "old.py").write_text("print 'from 2009'\n")
    return tmp_path


def test_it_hears_of_its_own_error_and_mends_it(python_project: Path, talk: Callable[..., Talk]) -> None:
    chat = talk([*write("app.py", BROKEN), *write("app.py", GOOD)])
    with chat.server.socket(chat.session_id) as socket:
        socket.reconnect()
        chat.say("go")
        failed = socket.until("build_result")
        passed = socket.until("build_result")
        socket.until(lambda frame: frame.get("status") == "idle")
    assert (failed["attempt"], failed["status"], passed["attempt"], passed["status"]) == (1, "failed", 2, "passed")
    assert failed["command"] == "python3 -m compileall ."
    assert [(error["file"], error["line"], error["new"]) for error in failed["errors"]] == [
        ("app.py", 1, True),
        ("old.py", 1, False),
    ]
    (text,) = told(chat)
    assert "app.py:1: SyntaxError" in text
    assert "> 1\tdef f(:" in text
    assert "old.py" not in text
    assert "1 other error(s) were there before" in text
    assert [trace["status"] for trace in checks(chat)] == ["error"] * 3  # the old error stays
    assert build(chat)["status"] == "passed"
    assert build(chat)["attempts"] == 1
    assert sorted(path.name for path in python_project.iterdir()) == ["app.py", "old.py"]


def test_it_gives_up_where_the_same_error_stays(python_project: Path, talk: Callable[..., Talk]) -> None:
    chat = talk([*write("app.py", BROKEN), *write("app.py", f"\n{BROKEN}"), *write("app.py", GOOD)])
    chat.say("go")
    chat.wait()
    assert len(told(chat)) == 1
    ended = build(chat)
    assert (ended["status"], ended["attempts"]) == ("failed", 1)
    assert ended["left"][0]["file"] == "app.py"
    assert ended["left"][0]["line"] == 2


def test_it_tries_three_times_at_most(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    (tmp_path / "app.py").write_text(GOOD)
    wrong = ["def f(:\n", "def f():\n", "x = = 1\n", "class 1:\n", GOOD]
    chat = talk([item for content in wrong for item in write("app.py", content)])
    chat.say("go")
    chat.wait()
    assert len(told(chat)) == 3
    assert build(chat)["status"] == "failed"
    assert len(checks(chat)) == 5


def test_a_model_that_stops_ends_red(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    (tmp_path / "app.py").write_text(GOOD)
    chat = talk([*write("app.py", BROKEN), {"step": True}, {"text": "I can't."}])
    chat.say("go")
    assert chat.wait()[-1]["content"] == "I can't."
    assert build(chat)["status"] == "failed"
    assert len(checks(chat)) == 2


def test_without_a_write_nothing_is_checked(python_project: Path, talk: Callable[..., Talk]) -> None:
    chat = talk([{"tool": "read_file", "args": {"path": "app.py"}}, {"text": "Read."}])
    chat.say("go")
    chat.wait()
    assert checks(chat) == []
    assert "build" not in chat.snapshot()


def test_a_write_that_fails_leaves_nothing_to_check(python_project: Path, talk: Callable[..., Talk]) -> None:
    edit = {"tool": "edit_file", "args": {"path": "app.py", "edits": [{"old": "not in it", "new": "x"}]}}
    chat = talk([edit, {"text": "It did not work."}])
    chat.say("go")
    chat.wait()
    assert (build(chat)["status"], build(chat)["reason"]) == ("not_checked", "No file was changed.")


@pytest.mark.parametrize(("project", "message"), [({"check_command": "off"}, {}), ({}, {"auto_fix": False})])
def test_it_can_be_switched_off(
    python_project: Path, talk: Callable[..., Talk], project: dict[str, Any], message: dict[str, Any]
) -> None:
    chat = talk(write("app.py", BROKEN), **project)
    chat.say("go", **message)
    chat.wait()
    assert checks(chat) == []
    assert build(chat)["status"] == "not_checked"
    assert "Switched off" in build(chat)["reason"]


def test_where_nothing_checks_the_turn_says_so(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    chat = talk(write("notes.txt", "x"))
    chat.say("go")
    chat.wait()
    assert (build(chat)["status"], build(chat)["reason"][:18]) == ("not_checked", "No check was found")


def test_a_project_made_in_the_turn_is_checked(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    chat = talk([*write("app.py", BROKEN), *write("app.py", GOOD)])
    chat.say("go")
    chat.wait()
    assert build(chat)["status"] == "passed"
    assert "is unknown" in told(chat)[0]


def test_the_command_set_by_hand_is_a_shell_line(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    line = "test -f made.txt || { echo 'made.txt:1: error: missing'; exit 3; }"
    chat = talk([*write("other.txt", "x"), *write("made.txt", "x")], check_command=line, approval="ask")
    chat.say("go")
    chat.wait()
    assert build(chat)["status"] == "passed"
    assert build(chat)["command"] == line
    assert [trace["exit_code"] for trace in checks(chat)] == [3, 0] or told(chat) == []


def test_it_has_a_time_limit(tmp_path: Path, serve: Callable[..., Server], talk: Callable[..., Talk]) -> None:
    chat = talk(write("a.txt", "x"), server=serve(BOOCODE_CHECK_TIMEOUT_S="1"), check_command="sleep 60")
    began = time.monotonic()
    chat.say("go")
    chat.wait()
    assert time.monotonic() - began < 15
    assert build(chat)["status"] == "not_checked"
    assert "more than 1 s" in build(chat)["reason"]
    assert [trace["status"] for trace in checks(chat)] == ["timeout"]


def test_a_project_that_asks_asks_once(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    (tmp_path / "Makefile").write_text("check:\n\t@test ! -f broken || { echo 'a.c:1: error: broken'; exit 1; }\n")
    script = [*write("broken", "x"), {"tool": "delete_file", "args": {"path": "broken"}}, {"text": "Mended."}]
    chat = talk([*script, {"step": True}, *write("fine", "x")], approval="ask")
    chat.say("go")
    chat.wait_until(lambda: chat.status() == "waiting")
    (trace,) = chat.traces()
    assert (trace["tool"], trace["input"]["command"]) == ("check", ["make", "check"])
    chat.server.api("POST", f"/api/traces/{trace['id']}/decision", {"decision": "always"})
    chat.wait()
    assert build(chat)["status"] == "passed"
    chat.say("again")
    chat.wait()
    assert build(chat)["status"] == "passed"
    assert len(checks(chat)) == 5


def test_a_no_is_told_as_not_checked(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    (tmp_path / "Makefile").write_text("check:\n\ttrue\n")
    chat = talk(write("a.txt", "x"), approval="ask")
    chat.say("go")
    chat.wait_until(lambda: chat.status() == "waiting")
    chat.server.api("POST", f"/api/traces/{chat.traces()[0]['id']}/decision", {"decision": "deny"})
    chat.wait()
    assert build(chat)["status"] == "not_checked"
    assert "denied" in build(chat)["reason"]
    assert (tmp_path / "a.txt").exists()


def test_a_crash_in_the_middle_of_the_check_loses_nothing(
    tmp_path: Path, serve: Callable[..., Server], talk: Callable[..., Talk]
) -> None:
    server = serve(BOOCODE_LEASE_S="4")
    (tmp_path / "app.py").write_text(GOOD)
    compiled = 'python3 -c \'compile(open("app.py").read(), "app.py", "exec")\''
    line = f"if test -f slow; then touch slept; sleep 60; fi; {compiled}"
    slow = write("slow", "")[:1]
    chat = talk([*slow, *write("app.py", BROKEN), *write("app.py", GOOD)], server=server, check_command=line)
    chat.say("go")
    chat.wait_until((tmp_path / "slept").exists)
    server.kill()
    (tmp_path / "slow").unlink()
    server.start()
    chat.wait(40)
    assert (tmp_path / "app.py").read_text() == GOOD
    assert build(chat)["status"] == "passed"
    assert [trace["status"] for trace in checks(chat)] == ["ok", "interrupted", "error", "ok"]
    assert chat.texts("assistant")[1:] == ["app.py is written.", "", "app.py is written."]


def test_ruff_is_asked_where_the_project_uses_it(tmp_path: Path, talk: Callable[..., Talk]) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.ruff.lint]\nselect = ["F"]\n')
    chat = talk([*write("app.py", "print(nothing)\n"), *write("app.py", "print(1)\n")])
    chat.say("go")
    chat.wait()
    assert "app.py:1: F821 Undefined name `nothing`" in told(chat)[0]
    assert build(chat)["status"] == "passed"
