"""The real thing for tests: `python manage.py serve` as a process, with a data directory and a database of its own."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import psycopg

from tests.processes import free_port, start, stop
from tests.session_socket import SessionSocket

PROJECT_DIR = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 90
BANNER_END = "Stop: Ctrl-C"

# One client for all: making one reads the machine's certificates, which takes longer than most requests.
http = httpx2.Client(trust_env=False, timeout=30)


class Server:
    """One `manage.py serve`. Stopped and started again, it keeps its port, its data and its token."""

    program: Sequence[str] = ("manage.py", "serve")
    """What Python runs; a test of faults inside the server has a program of its own that ends up in `serve`."""

    check_body: Callable[[str, str, int, str, bytes], None] = staticmethod(lambda *_answer: None)
    """What holds each answer against the schema. It needs Django's settings, so conftest.py sets it."""

    def __init__(self, data_dir: Path, environment: Mapping[str, str], token: str = "") -> None:
        self.data_dir = data_dir
        self.port = int(environment.get("PORT") or free_port())
        self.environment = dict(environment) | {"BOOCODE_DATA_DIR": str(data_dir), "PORT": str(self.port)}
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = token
        self.log = data_dir.with_name(f"{data_dir.name}-{self.port}.log")
        self.process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def start(self) -> "Server":
        """Return once it has said where it serves and answers; raises RuntimeError with its log when it does not."""
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        command = [sys.executable, *self.program]
        self.process = start(command, log=self.log, environment=self.environment, directory=PROJECT_DIR)
        deadline = time.monotonic() + START_TIMEOUT_S
        # It listens before it says so, so an answer alone does not mean that its output is whole.
        while BANNER_END not in self.output or not self.is_healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The server does not start:\n{self.output}")
            time.sleep(0.02)
        return self

    def is_healthy(self) -> bool:
        try:
            return http.get(f"{self.url}/healthz", timeout=5).is_success
        except httpx2.TransportError:
            return False

    def stop(self, ending: signal.Signals = signal.SIGTERM) -> int:
        """End it as a person or a supervisor would. Returns the exit code; AssertionError if it had to be killed."""
        process, self.process = self.process, None
        return stop(process, ending) if process else 0

    def kill(self) -> None:
        """A crash: SIGKILL to the server itself. What it leaves in its group is killed too and is not its fault."""
        process, self.process = self.process, None
        if process is None:
            return
        process.kill()
        process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def restart(self) -> "Server":
        self.stop()
        return self.start()

    def peer(self, **environment: str) -> "Server":
        """A second server on the same data, database and Redis, not started yet. The test stops it."""
        return Server(self.data_dir, self.environment | {"PORT": ""} | environment, self.token)

    @property
    def output(self) -> str:
        """What it printed since its last start."""
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace")

    @property
    def login_link(self) -> str:
        """The link it printed at its last start. It works once."""
        link = re.search(rf"{re.escape(self.url)}/\S*login\S*", self.output)
        assert link, f"no login link in:\n{self.output}"
        return link[0]

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` with its environment and return what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=PROJECT_DIR, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    # --- As a client -----------------------------------------------------------------------------

    def api(self, method: str, path: str, json: Any = None, expect: int | None = None) -> Any:
        """Call the API as `admin` and return the answer's JSON. Any status but `expect` (2xx) is an AssertionError."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = http.request(method, f"{self.url}{path}", json=json, headers=headers)
        good = answer.is_success if expect is None else answer.status_code == expect
        assert good, f"{method} {path}: {answer.status_code} {answer.text}"
        self.check_body(method, path, answer.status_code, answer.headers.get("Content-Type", ""), answer.content)
        return answer.json() if answer.content else None

    def make_project(self, root: Path, **fields: Any) -> dict[str, Any]:
        """A project in `root`: the one that it is already, with these fields, or a new one."""
        known = self.api("GET", f"/api/projects?{urlencode({'root': str(root.resolve())})}")
        method, path = ("PATCH", f"/api/projects/{known[0]['id']}") if known else ("POST", "/api/projects")
        project: dict[str, Any] = self.api(method, path, {"name": root.name, "root": str(root), **fields})
        return project

    def make_session(self, project: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
        """The answer's `chats` holds its first chat."""
        session: dict[str, Any] = self.api("POST", "/api/sessions", {"project": project["id"], **fields})
        return session

    def open_session(self, root: Path, model: str, approval: str = "auto") -> tuple[str, str]:
        """A project in `root` and a session with `model`: returns the ids of the session and of its chat."""
        session = self.make_session(self.make_project(root, approval=approval), model=model)
        return session["id"], session["chats"][0]["id"]

    def send(self, chat_id: str, content: str, **fields: Any) -> dict[str, Any]:
        """Post a message; returns `{message, turn}`."""
        answer: dict[str, Any] = self.api("POST", f"/api/chats/{chat_id}/messages", {"content": content, **fields})
        return answer

    def messages(self, session_id: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.api("GET", f"/api/sessions/{session_id}/messages")
        return messages

    def socket(self, session_id: str) -> SessionSocket:
        """The session's socket, opened with the token; use it in a `with`. The first thing to send is `reconnect`."""
        return SessionSocket(f"ws://127.0.0.1:{self.port}/api/ws/sessions/{session_id}", self.token)


class ServerFactory:
    """Servers that start from a copy of a prepared one: migrating anew for each test would take seconds."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.database_url = os.environ.get("DATABASE_URL", "")
        self._template: Server | None = None

    def __enter__(self) -> "ServerFactory":
        self.home.mkdir()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._template:
            self.discard(self._template)

    def make(self, environment: Mapping[str, str]) -> Server:
        """A server, not started yet."""
        template = self._prepared()
        name = f"boocode_{uuid.uuid4().hex[:12]}"
        data_dir = self.home / name
        shutil.copytree(template.data_dir, data_dir, ignore=shutil.ignore_patterns("static", "log_mark"))
        # Many megabytes that are the same for all.
        (data_dir / "static").symlink_to(template.data_dir / "static")
        if self.database_url:
            self._execute(f"CREATE DATABASE {name} TEMPLATE {template.data_dir.name}")
        return Server(data_dir, {**self._environment(name), **environment}, template.token)

    def discard(self, server: Server) -> None:
        """Stop it and remove all that it wrote."""
        try:
            server.stop()
        finally:
            if self.database_url:
                self._execute(f"DROP DATABASE IF EXISTS {server.data_dir.name} WITH (FORCE)")
            shutil.rmtree(server.data_dir, ignore_errors=True)

    def _prepared(self) -> Server:
        if self._template is None:
            name = f"boocode_{uuid.uuid4().hex[:12]}"
            if self.database_url:
                self._execute(f"CREATE DATABASE {name}")
            template = Server(self.home / name, self._environment(name))
            template.start()
            template.token = template.manage("createtoken", "admin").strip()
            template.stop()
            self._template = template
        return self._template

    def _environment(self, database: str) -> dict[str, str]:
        if not self.database_url:
            return dict(os.environ)
        return dict(os.environ) | {"DATABASE_URL": urlsplit(self.database_url)._replace(path=f"/{database}").geturl()}

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement)
