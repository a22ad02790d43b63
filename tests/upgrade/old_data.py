"""The packed data of an older BooCode, and everything that a server tells about data: what is to stay as it was."""

import csv
import gzip
import hashlib
import io
import json
import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.server import Server, http

HERE = Path(__file__).parent
ARCHIVE = HERE / "data.tar.gz"
EXPECTED = HERE / "expected.json.gz"
DATABASE = "boocode.sqlite3"

Answers = dict[str, Any]


def unpack(home: Path, archive: Path = ARCHIVE) -> None:
    """Unpack to `home`, an empty folder without links in its path: `data`, `projects`, `scripts` and `token`."""
    with tarfile.open(archive) as packed:
        packed.extractall(home, filter="fully_trusted")
    with sqlite3.connect(home / "data" / DATABASE) as connection:
        connection.execute("UPDATE chats_project SET root = ? || root", (str(home),))
        # The call that waits in it would count as denied a day after the data were made.
        connection.execute("UPDATE chats_approval SET expires_at = '2100-01-01 00:00:00'")
    connection.close()


def read_answers(server: Server, home: Path) -> Answers:
    """What the server answers to every GET that tells of the projects but `waiting`, by path, and what the sockets of
    their sessions send. Paths below `home` are told from there."""
    answers: Answers = {}

    def get(path: str) -> Any:
        answer = http.get(f"{server.url}/api{path}", headers={"Authorization": f"Bearer {server.token}"})
        body = _read_body(answer.headers.get("Content-Type", ""), answer.text.replace(str(home), ""))
        answers[path] = {"status": answer.status_code, "body": body}
        return body

    projects = [project for project in server.api("GET", "/api/projects") if project["name"] != "waiting"]
    for project in projects:
        for path in ("", "/rules", "/usage"):
            get(f"/projects/{project['id']}{path}")
    known = {project["id"] for project in projects}
    for session in server.api("GET", "/api/sessions"):
        if session["project"] in known:
            _read_session(get, session["id"])
            answers[f"/ws/sessions/{session['id']}"] = list(_read_socket(server, home, session["id"]))
    return answers


def read_expected() -> Answers:
    """What the older BooCode answered."""
    answers: Answers = json.loads(gzip.decompress(EXPECTED.read_bytes()))
    return answers


def _read_session(get: Any, session_id: str) -> None:
    session = get(f"/sessions/{session_id}")
    get(f"/sessions/{session_id}/messages")
    get(f"/sessions/{session_id}/usage")
    for chat in session["chats"]:
        _read_chat(get, f"/chats/{chat['id']}")


def _read_chat(get: Any, chat: str) -> None:
    for path in ("/snapshot", "/usage", "/outline", "/traces/export?format=otlp", "/traces/export?format=csv"):
        get(f"{chat}{path}")
    for trace in get(f"{chat}/traces?limit=200")["results"]:
        get(f"/traces/{trace['id']}")
        get(f"/traces/{trace['id']}/output")
        get(f"/traces/{trace['id']}/aftermath")
    for turn in get(f"{chat}/turns?limit=100")["results"]:
        get(f"/turns/{turn['id']}")
        get(f"/turns/{turn['id']}/usage")
    paths = set()
    for checkpoint in get(f"{chat}/timeline"):
        at = f"{chat}/checkpoints/{checkpoint['id']}/files"
        for file in get(at)["files"] or []:
            get(f"{at}/{file['path']}")
            get(f"{at}/{file['path']}?before=true")
            paths.add(file["path"])
    for path in sorted(paths):
        get(f"{chat}/files/{path}/versions")


def _read_socket(server: Server, home: Path, session_id: str) -> Iterator[Any]:
    """The frames of a first visit, then those of a client that has the epoch and missed all of the log."""
    with server.socket(session_id) as socket:
        first = socket.reconnect()
        snapshot = socket.until("snapshot")
        with_snapshot = [chat for chat in snapshot["chats"] if _has_snapshot(server, chat["id"])]
        for _ in with_snapshot:
            socket.until("agent_snapshot")
        resumed = socket.reconnect({}, first["epoch"])
        for _ in range(resumed["replayed"] + len(with_snapshot)):
            socket.receive()
        for frame in socket.frames:
            yield json.loads(json.dumps(frame, ensure_ascii=False).replace(str(home), ""))


def _has_snapshot(server: Server, chat_id: str) -> bool:
    headers = {"Authorization": f"Bearer {server.token}"}
    return http.get(f"{server.url}/api/chats/{chat_id}/snapshot", headers=headers).is_success


def _read_body(content_type: str, text: str) -> Any:
    if "json" in content_type:
        return json.loads(text)
    if "csv" in content_type:
        # PostgreSQL has its own order of an object's keys.
        rows = csv.reader(io.StringIO(text))
        return [[json.loads(cell) if cell.startswith("{") else cell for cell in row] for row in rows]
    return {"characters": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def differences(expected: Any, found: Any, at: str = "") -> Iterator[str]:
    """Where `found` lacks or changes what was expected. New fields of objects, and columns of tables, may come in
    addition."""
    if isinstance(expected, dict) and isinstance(found, dict):
        expected, found = _with_named_cells(expected), _with_named_cells(found)
        for name, value in expected.items():
            if name in found:
                yield from differences(value, found[name], f"{at}.{name}")
            else:
                yield f"{at}.{name}: missing, was {value!r}"
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (was, now) in enumerate(zip(expected, found, strict=True)):
            yield from differences(was, now, f"{at}[{number}]")
    elif expected != found:
        yield f"{at}: was {expected!r}, is {found!r}"


def _with_named_cells(value: dict[str, Any]) -> dict[str, Any]:
    """A table's rows as objects, for a client finds a cell by its column's name."""
    if value.keys() != {"columns", "rows"}:
        return value
    return {"rows": [dict(zip(value["columns"], row, strict=True)) for row in value["rows"]]}
