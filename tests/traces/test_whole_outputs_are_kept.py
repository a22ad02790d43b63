"""What a command wrote is there to the last byte, however little of it the model saw."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from tests.server import Server
from tests.turns.conftest import Talk

LINES = 20_000
WRITE = f"import sys\nfor n in range({LINES}): sys.stdout.buffer.write(b'line %d \\xff\\x1b[31mred\\n' % n)"
CAPTURED = b"".join(b"line %d \xff\x1b[31mred\n" % n for n in range(LINES))


def fetch(chat: Talk, trace: dict[str, Any], query: str = "", **headers: str) -> httpx2.Response:
    headers["Authorization"] = f"Bearer {chat.server.token}"
    return httpx2.get(f"{chat.server.url}/api/traces/{trace['id']}/output{query}", headers=headers, trust_env=False)


def said(talk: Callable[..., Talk], server: Server | None = None, *program: str) -> tuple[Talk, dict[str, Any]]:
    command = list(program) or [sys.executable, "-c", WRITE]
    chat = talk([{"tool": "run_command", "args": {"command": command}}, {"text": "Done."}], server=server)
    chat.say("go")
    chat.wait()
    (trace,) = chat.traces()
    return chat, trace


def files_of(chat: Talk) -> list[Path]:
    return sorted((chat.server.data_dir / "outputs").glob("??/*"))


def test_it_gives_every_byte_by_range_and_by_line(talk: Callable[..., Talk]) -> None:
    chat, trace = said(talk)
    assert trace["truncated"]
    assert trace["output_bytes"] == len(CAPTURED)
    whole = fetch(chat, trace)
    assert whole.content == CAPTURED
    assert whole.headers["X-Output-Lines"] == str(LINES)
    assert (whole.headers["Content-Type"], whole.headers["X-Content-Type-Options"]) == (
        "text/plain; charset=utf-8",
        "nosniff",
    )
    part = fetch(chat, trace, Range="bytes=1000-1999")
    assert (part.status_code, part.content) == (206, CAPTURED[1000:2000])
    lines = fetch(chat, trace, "?from_line=15001&lines=2").content
    assert lines == b"line 15000 \xff\x1b[31mred\nline 15001 \xff\x1b[31mred\n"
    assert fetch(chat, trace, f"?from_line={LINES + 1}").content == b""


def test_it_keeps_the_same_output_once_and_readable_by_nobody_else(
    serve: Callable[..., Server], talk: Callable[..., Talk]
) -> None:
    server = serve()
    chat, _ = said(talk, server)
    said(talk, server)
    (file,) = files_of(chat)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_size < len(CAPTURED) / 5


def test_it_writes_no_file_for_what_the_row_holds(serve: Callable[..., Server], talk: Callable[..., Talk]) -> None:
    chat, trace = said(talk, serve(), "false")
    assert (trace["status"], trace["exit_code"]) == ("error", 1)
    assert files_of(chat) == []


def test_it_says_so_when_the_file_is_gone(serve: Callable[..., Server], talk: Callable[..., Talk]) -> None:
    chat, trace = said(talk, serve())
    files_of(chat)[0].unlink()
    answer = fetch(chat, trace)
    assert answer.status_code == 404
    assert "no longer" in answer.json()["detail"]


def test_it_sweeps_out_what_no_call_names(serve: Callable[..., Server], talk: Callable[..., Talk]) -> None:
    server = serve()
    chat, _ = said(talk, server)
    assert "0 outputs removed" in server.manage("sweepoutputs")
    server.api("DELETE", f"/api/sessions/{chat.session_id}")
    server.api("DELETE", f"/api/bin/{chat.session_id}")
    assert "0 outputs removed" in server.manage("sweepoutputs")  # it might belong to a call that is being written
    for file in files_of(chat):
        os.utime(file, (0, 0))
    assert "1 outputs removed" in server.manage("sweepoutputs")
    assert files_of(chat) == []
