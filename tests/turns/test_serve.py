"""`manage.py serve`: safe by default, clear when it can't, and quick to leave."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2

from tests.server import PROJECT_DIR, Server


def refused(server: Server, **environment: str) -> str:
    """What a serve that does not start says."""
    command = [sys.executable, "manage.py", "serve"]
    done = subprocess.run(
        command, env=server.environment | environment, cwd=PROJECT_DIR, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_refuses_a_public_address_without_a_password(server: Server) -> None:
    server.stop()
    assert "BOOCODE_ADMIN_PASSWORD" in refused(server, HOST="0.0.0.0")


def test_it_refuses_a_second_server_on_the_same_sqlite_data(server: Server) -> None:
    if "DATABASE_URL" in os.environ:
        return
    assert "Another BooCode runs on" in refused(server, PORT="1")


def test_it_says_so_when_the_port_is_taken(serve: Callable[..., Server]) -> None:
    taken, other = serve(), serve()
    other.stop()
    assert "Another program may use the port" in refused(other, PORT=str(taken.port))


def test_its_login_link_works_once(server: Server) -> None:
    with httpx2.Client(follow_redirects=True) as browser:
        assert browser.get(server.login_link).status_code == 200
        assert browser.get(f"{server.url}/").url.path == "/"
    with httpx2.Client(follow_redirects=True) as browser:
        browser.get(server.login_link)
        assert browser.get(f"{server.url}/").url.path == "/login"


def test_it_prints_a_new_link_at_each_start(server: Server) -> None:
    first = server.login_link
    server.restart()
    assert server.login_link != first


def test_it_ends_cleanly_on_ctrl_c(server: Server) -> None:
    assert server.stop(signal.SIGINT) == 0
    assert "Traceback" not in server.output


def test_it_keeps_its_generated_key_to_itself(tmp_path: Path, server: Server) -> None:
    environment = {key: value for key, value in server.environment.items() if key != "BOOCODE_SECRET_KEY"}
    environment |= {"BOOCODE_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-c", "from boocode import settings; print(settings.SECRET_KEY)"]
    keys = [subprocess.check_output(command, env=environment, cwd=PROJECT_DIR, text=True) for _ in range(2)]
    file = tmp_path / "data" / "secret_key"
    assert keys[0] == keys[1] == file.read_text() + "\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(keys[0]) > 40


def test_it_serves_its_files_compressed_and_for_good(shared_server: Server) -> None:
    login = httpx2.get(f"{shared_server.url}/login").text
    paths = re.findall(r'"(/static/[^"]+\.(?:css|js|svg))"', login)
    assert {path.rpartition(".")[2] for path in paths} == {"css", "js", "svg"}
    for path in paths:
        answer = httpx2.get(f"{shared_server.url}{path}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers.get("Content-Encoding") == "gzip" or len(answer.content) < 1000, path


def test_createtoken_prints_a_token_and_nothing_else(server: Server) -> None:
    assert re.fullmatch(r"boo_[\w-]{43}\n", server.manage("createtoken", "admin"))


def test_a_foreign_host_header_is_refused(shared_server: Server) -> None:
    assert httpx2.get(f"{shared_server.url}/healthz", headers={"Host": "evil.example"}).status_code == 400
