"""A canary in the server's environment is nowhere to be found, wherever the agent stumbles over it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.server import PROJECT_DIR, Server
from tests.turns.conftest import Talk
from traces.redaction import MASK

CANARY = "sk-canary-5e1f9c0d7a"
OTHER = "ghp_canary0123456789"
SLOWLY = f"import sys, time\nfor c in {CANARY!r}: sys.stdout.write(c); sys.stdout.flush(); time.sleep(0.01)"
MANY = f"print({CANARY!r} * 5000)"


@pytest.fixture
def chat(serve: Callable[..., Server], talk: Callable[..., Talk], tmp_path: Path) -> Talk:
    server = serve(OPENAI_API_KEY=CANARY, BOOCODE_REDACT=r"ghp_\w+")
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={CANARY}\nGITHUB={OTHER}\n")
    script = [
        {"tool": "read_file", "args": {"path": ".env"}},
        {"tool": "run_command", "args": {"command": [sys.executable, "-c", SLOWLY]}},
        {"tool": "run_command", "args": {"command": [sys.executable, "-c", MANY]}},
        {"tool": "write_file", "args": {"path": "key.txt", "content": CANARY}},
        {"tool": "read_file", "args": {"path": f"{CANARY}/missing"}},
        {"tool": CANARY, "args": f"not json {CANARY}"},
        {"expect": MASK},
        {"error": {"reason": "auth", "message": f"The key {CANARY} is wrong."}},
    ]
    chat = talk(script, server=server)
    with server.socket(chat.session_id) as socket:
        socket.reconnect()
        chat.say("Look at the keys")
        socket.until(lambda frame: frame.get("status") == "error" and frame["type"] == "agent_status_updated")
        chat.frames = socket.frames  # type: ignore[attr-defined]
    return chat


def export(chat: Talk, kind: str) -> str:
    url = f"{chat.server.url}/api/chats/{chat.chat_id}/traces/export?format={kind}"
    return httpx2.get(url, headers={"Authorization": f"Bearer {chat.server.token}"}, trust_env=False).text


def test_it_is_in_no_frame_message_trace_export_log_or_file(chat: Talk) -> None:
    api = chat.server.api
    traces = [api("GET", f"/api/traces/{trace['id']}") for trace in chat.traces()]
    turns = api("GET", f"/api/chats/{chat.chat_id}/turns")
    told = [chat.frames, chat.messages(), traces, turns, chat.snapshot()]  # type: ignore[attr-defined]
    for text in [*map(json.dumps, told), export(chat, "csv"), export(chat, "otlp"), chat.server.output]:
        assert CANARY not in text
        assert OTHER not in text
    assert len(traces) == 6
    assert MASK in traces[0]["output"]
    chat.server.stop()
    for file in chat.server.data_dir.rglob("*"):
        if file.is_file() and "static" not in file.parts:
            assert CANARY.encode() not in file.read_bytes(), file


def test_the_tools_get_what_the_model_wrote_all_the_same(chat: Talk) -> None:
    assert (chat.root / "key.txt").read_text() == CANARY


def test_a_broken_pattern_stops_the_start_with_a_sentence() -> None:
    command = [sys.executable, "-c", "from boocode import settings"]
    environment = os.environ | {"BOOCODE_REDACT": "("}
    done = subprocess.run(command, env=environment, cwd=PROJECT_DIR, capture_output=True, text=True)
    assert done.returncode != 0
    assert "BOOCODE_REDACT is no regular expression" in done.stderr
