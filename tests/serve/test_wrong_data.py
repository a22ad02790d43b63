"""Data that can't be used: `serve` says what is wrong with them and what to do, ends with 2, and changes nothing."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.processes import free_port
from tests.server import PROJECT_DIR, Server, http

ON_SQLITE = "DATABASE_URL" not in os.environ
on_sqlite = pytest.mark.skipif(not ON_SQLITE, reason="on PostgreSQL there is no file")
on_postgres = pytest.mark.skipif(ON_SQLITE, reason="on SQLite the data directory holds the database")


def refused(server: Server, **environment: str) -> str:
    ended = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        env=server.environment | environment,
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


def garbage(file: Path) -> None:
    file.write_bytes(b"these are no tables" * 1000)


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def scratched(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[100:8192] = os.urandom(8092)
    file.write_bytes(content)


def foreign(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def stop_and_change(server: Server, change: Callable[[Path], object]) -> Path:
    server.stop()
    file = server.data_dir / "boocode.sqlite3"
    for part in ("-wal", "-shm"):
        file.with_name(f"{file.name}{part}").unlink(missing_ok=True)
    change(file)
    return file


@on_sqlite
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (garbage, "is broken"),
        (half, "is broken"),
        (scratched, "is broken"),
        (foreign, "holds another program's tables, such as recipes"),
        (a_folder, "can't be written to"),
    ],
)
def test_a_database_that_is_none_is_left_alone(server: Server, change: Callable[[Path], None], says: str) -> None:
    file = stop_and_change(server, change)
    before = None if file.is_dir() else file.read_bytes()
    said = refused(server)
    assert says in said
    assert str(file) in said
    assert before is None or file.read_bytes() == before


@on_sqlite
def test_a_backup_is_named_where_the_database_is_broken(server: Server) -> None:
    server.stop()
    file = server.data_dir / "boocode.sqlite3"
    server.manage("migrate", "chats", "0008")  # what an older version left
    server.start()
    server.stop()
    garbage(file)
    found = re.search(r"The newest backup is (\S+):", refused(server))
    assert found
    backup = Path(found[1])
    assert backup.stat().st_mode & 0o777 == 0o600
    backup.replace(file)
    server.start()
    assert server.api("GET", "/api/projects") == []


def test_a_database_of_a_newer_version_is_refused(server: Server) -> None:
    server.stop()
    add = "INSERT INTO django_migrations (app, name, applied) VALUES ('chats', '9999_tomorrow', CURRENT_TIMESTAMP)"
    if ON_SQLITE:
        with closing(sqlite3.connect(server.data_dir / "boocode.sqlite3")) as database:
            database.execute(add)
            database.commit()
    else:
        with psycopg.connect(server.environment["DATABASE_URL"], autocommit=True) as connection:
            connection.execute(add)
    assert "was written by a newer BooCode (it has chats.9999_tomorrow)" in refused(server)


@on_sqlite
def test_an_empty_file_is_a_new_database(server: Server) -> None:
    stop_and_change(server, lambda file: file.write_bytes(b""))
    server.start()


def test_a_key_that_was_never_written_is_named(server: Server) -> None:
    server.stop()
    (server.data_dir / "secret_key").write_text("")
    environment = {**server.environment, "BOOCODE_SECRET_KEY": ""}
    assert "secret_key is empty. Remove it" in refused(Server(server.data_dir, environment))


@on_postgres
def test_a_database_that_does_not_answer_is_named_without_its_password(server: Server) -> None:
    server.stop()
    said = refused(server, DATABASE_URL=f"postgres://boocode:hunter2-secret@127.0.0.1:{free_port()}/boocode")
    assert "The database boocode at 127.0.0.1" in said
    assert "hunter2" not in said


@on_postgres
def test_servers_of_one_database_share_a_data_directory(server: Server, tmp_path: Path) -> None:
    said = refused(server, BOOCODE_DATA_DIR=str(tmp_path / "another"), PORT="0")
    assert "belongs to another data directory" in said
    found = re.search(r"write (\S+) into (\S+)\.\n", said)
    assert found
    # A copy that takes its place says so.
    Path(found[2]).write_text(found[1])
    moved = server.peer(BOOCODE_DATA_DIR=str(tmp_path / "another")).start()
    moved.stop()


@on_postgres
def test_two_servers_may_start_at_once_on_an_empty_database(server: Server) -> None:
    server.stop()
    with psycopg.connect(server.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    shutil.rmtree(server.data_dir)
    peer = server.peer()
    with ThreadPoolExecutor() as pool:
        for start in [pool.submit(server.start), pool.submit(peer.start)]:
            start.result()
        # Still in the block: what a thread started ends with the thread.
        assert http.get(f"{server.url}/readyz").json() == {"status": "ready", "faults": []}
        peer.stop()


def test_it_takes_a_free_port_and_prints_it(server: Server) -> None:
    server.stop()
    environment = {**server.environment, "PORT": "0"}
    command = [sys.executable, "manage.py", "serve"]
    with subprocess.Popen(command, env=environment, cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            served = next(line for line in process.stdout if line.startswith("BooCode serves"))
            link = next(line for line in process.stdout if "Log in" in line).split()[-1]
            url = served.split()[-1]
            assert link.startswith(url)
            assert http.get(f"{url}/readyz").json()["status"] == "ready"
        finally:
            process.terminate()


def test_it_prints_no_link_where_there_is_a_password(serve: Callable[..., Server]) -> None:
    said = serve(BOOCODE_ADMIN_PASSWORD="a very long password").output
    assert "Log in as admin with its password" in said
    assert "token=" not in said


def test_it_says_which_folders_and_programs_are_missing(serve: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    server = serve(BOOCODE_ALLOWED_ROOTS=f"{tmp_path}{os.pathsep}{tmp_path / 'gone'}", PATH=str(tmp_path / "bin"))
    for words in ("git (files can't be restored", "ripgrep", "bubblewrap", "1 of 2 folders of BOOCODE_ALLOWED_ROOTS"):
        assert words in server.output
    answer = http.get(f"{server.url}/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "at fault")
    assert "1 of 2 folders" in answer.json()["faults"][0]
