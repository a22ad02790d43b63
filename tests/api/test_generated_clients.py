"""Clients that other projects' generators make from /api/schema alone carry a session from its first message to a
restore."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.server import PROJECT_DIR, Server

NPM_BIN = PROJECT_DIR / "tests" / "js" / "node_modules" / ".bin"
SCRIPT = [
    {"tool": "run_command", "args": {"command": ["touch", "made.txt"]}},
    {"text": "Made it."},
]


@pytest.fixture(scope="module")
def schema(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "schema.json"
    path.write_text(json.dumps(shared_server.api("GET", "/api/schema?format=json")))
    return path


@pytest.fixture
def python_client(schema: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """`python_client("api.turns.turns_retrieve")` is a module of the generated client."""
    generator = Path(sys.executable).with_name("openapi-python-client")
    target = tmp_path / "boocode_client"
    options = ["--path", str(schema), "--output-path", str(target), "--meta", "none", "--fail-on-warning"]
    command = [str(generator), "generate", *options]
    environment = os.environ | {"PATH": f"{generator.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda name: importlib.import_module(f"boocode_client.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "boocode_client"]:
        del sys.modules[name]


@pytest.fixture
def model(write_script: Callable[[str, Any], str]) -> str:
    return write_script("generated-client", SCRIPT)


def test_one_of_openapi_python_client(
    shared_server: Server, python_client: Callable[[str], Any], model: str, tmp_path: Path
) -> None:
    root = tmp_path / "work"
    root.mkdir()
    client = python_client("client").AuthenticatedClient(base_url=shared_server.url, token=shared_server.token)
    models = python_client("models")

    def call(name: str, *ids: Any, **arguments: Any) -> Any:
        answer = python_client(f"api.{name}").sync_detailed(*ids, client=client, **arguments)
        assert answer.status_code < 300, answer
        return answer.parsed

    def wait_for(look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 30
        while not (found := look()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return found

    project = call("projects.projects_create", body=models.ProjectRequest(root=str(root)))
    assert project.approval == models.ProjectApproval.ASK
    session = call("sessions.sessions_create", body=models.SessionRequest(project=project.id, model=model))
    (chat,) = session.chats
    send = models.SendRequest(content="Make it.")
    assert send.to_dict()["request_id"] == ""
    sent = call("chats.chats_messages_create", chat.id, body=send)
    assert (sent.message.role, sent.turn.chat_id) == (models.MessageRole.USER, chat.id)
    (waiting,) = wait_for(lambda: call("chats.chat_approvals_list", chat.id).results)
    decision = models.DecisionRequest(decision=models.ApprovalDecision.ALLOW)
    assert call("traces.traces_decision_create", waiting.trace_id, body=decision).decision == "allow"
    turn = call("turns.turns_retrieve", sent.turn.id, wait=60)
    assert (turn.status, turn.answer, [file.path for file in turn.files]) == ("complete", "Made it.", ["made.txt"])
    messages = call("sessions.sessions_messages_list", session.id)
    assert [(message.role, message.status) for message in messages][-1] == ("assistant", "complete")
    assert (root / "made.txt").exists()

    def kept() -> Any:
        timeline = call("chats.chats_timeline_list", chat.id)
        return timeline if all(entry.files.state == models.CheckpointFilesState.KEPT for entry in timeline) else None

    start, turn = wait_for(kept)
    assert (start.kind, turn.kind, turn.turn) == ("start", "turn", sent.turn.id)
    wish = models.RestoreRequest(checkpoint=start.id, preview=True)
    preview = call("chats.chats_restorations_create", chat.id, body=wish)
    assert [(file.path, file.status) for file in preview.files] == [("made.txt", "deleted")]
    wish.preview = False
    done = call("chats.chats_restorations_create", chat.id, body=wish)
    assert (done.state, done.checkpoint) == (models.RestorationState.DONE, start.id)
    assert not (root / "made.txt").exists()

    missing = python_client("api.chats.chats_retrieve").sync_detailed(project.id, client=client)
    assert (missing.status_code, type(missing.parsed)) == (404, models.Detail)


def test_one_of_openapi_typescript(shared_server: Server, schema: Path, model: str, tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    client = tmp_path / "client"
    shutil.copytree(PROJECT_DIR / "tests" / "js" / "generated_client", client)
    (client / "node_modules").symlink_to(NPM_BIN.parent)
    (client / "package.json").write_text('{"type": "module"}')
    _run([NPM_BIN / "openapi-typescript", schema, "--output", client / "schema.d.ts"], client)
    _run([NPM_BIN / "tsc", "--project", client], client)
    said = _run(["node", "play.js", shared_server.url, shared_server.token, root, model], client)
    assert json.loads(said) == {
        "role": "user",
        "status": "complete",
        "answer": "Made it.",
        "kinds": ["start", "turn"],
        "preview": [["made.txt", "deleted"]],
        "state": "done",
        "missing": 404,
    }
    assert not (root / "made.txt").exists()


def _run(command: Sequence[str | Path], directory: Path) -> str:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
