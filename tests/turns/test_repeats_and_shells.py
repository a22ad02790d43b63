"""What holds for a project's calls beyond asking: a third time in a row, shells by rule only, the longest run of a
command, and the end of what runs in the background."""

from collections.abc import Callable

from tests.server import Server
from tests.tools.living import gone, living
from tests.turns.conftest import Talk

LIST = [{"tool": "list_files", "args": {}}, {"step": True}]
SHELL = {"tool": "run_command", "args": {"command": ["echo a | tr a b"], "shell": True}}


def test_the_third_identical_call_in_a_row_asks(talk: Callable[..., Talk]) -> None:
    chat = talk([*LIST, *LIST, *LIST, {"text": "Done."}], approval="ask")
    chat.say("go")
    chat.wait_until(lambda: chat.status() == "waiting")
    assert [trace["status"] for trace in chat.traces()] == ["ok", "ok", "running"]
    path = f"/api/traces/{chat.traces()[-1]['id']}/decision"
    chat.server.api("POST", path, {"decision": "deny", "note": "Enough."})
    chat.wait()
    assert [trace["status"] for trace in chat.traces()] == ["ok", "ok", "denied"]


def test_a_call_whose_result_changes_is_no_repetition(talk: Callable[..., Talk]) -> None:
    append = {"tool": "run_command", "args": {"command": ["sh", "-c", "echo x >> log; cat log"]}}
    chat = talk([*([append, {"step": True}] * 8), {"text": "Done."}])
    chat.say("go")
    assert chat.wait()[-1]["content"] == "Done."
    assert {trace["status"] for trace in chat.traces()} == {"ok"}


def test_a_shell_is_allowed_by_rule_only(talk: Callable[..., Talk]) -> None:
    told, ran = [SHELL, {"expect": "No rule"}, {"text": "I see."}], [SHELL, {"expect": "b"}, {"text": "b"}]
    chat = talk([*told, {"step": True}, *ran, {"step": True}, SHELL])
    chat.say("go")
    assert chat.wait()[-1]["content"] == "I see."
    rule = {"tool": "run_command", "pattern": "sh -c 'echo * | tr * *'", "verdict": "allow"}
    path = f"/api/projects/{chat.project['id']}/rules"
    chat.server.api("POST", path, rule)
    chat.say("again")
    assert chat.wait()[-1]["content"] == "b"
    chat.server.api("POST", path, rule | {"verdict": "ask"})
    chat.say("once more")
    chat.wait_until(lambda: chat.status() == "waiting")
    chat.cancel()
    chat.wait()


def test_no_command_runs_longer_than_the_project_allows(talk: Callable[..., Talk]) -> None:
    sleep = {"tool": "run_command", "args": {"command": ["sleep", "60"], "timeout_s": 50}}
    chat = talk([sleep, {"expect": "Stopped after 1 s"}, {"text": "I see."}], command_limit_s=1)
    chat.say("go")
    assert chat.wait()[-1]["content"] == "I see."
    assert "background: true" in chat.traces()[0]["output"]
    path = f"/api/projects/{chat.project['id']}"
    for wrong in (0, 10**6, "long"):
        assert "command_limit_s" in chat.server.api("PATCH", path, {"command_limit_s": wrong}, expect=400)


def test_what_runs_in_the_background_ends_with_stop_and_server(server: Server, talk: Callable[..., Talk]) -> None:
    def run(mark: str) -> list[object]:
        args = {"command": ["sleep", mark], "background": True}
        return [{"tool": "run_command", "args": args}, {"text": "It runs."}, {"step": True}]

    chat = talk([*run("7654321"), *run("7654322")], server=server)
    chat.say("go")
    chat.wait()
    assert living("7654321")
    chat.cancel()
    assert gone("7654321", within_s=10)
    chat.say("again")
    chat.wait()
    assert living("7654322")
    server.stop()
    assert gone("7654322", within_s=5)
