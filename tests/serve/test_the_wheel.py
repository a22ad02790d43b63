"""BooCode can be installed as a package: the wheel has all that a server needs."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import free_port
from tests.server import PROJECT_DIR, Server, http


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """What the wheel holds, as pip puts it into site-packages."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=PROJECT_DIR, check=True, capture_output=True, timeout=120)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def server(installed: Path, tmp_path: Path) -> Iterator[Server]:
    environment = dict(os.environ) | {"PYTHONPATH": str(installed), "PORT": str(free_port())}
    environment |= {"DATABASE_URL": "", "REDIS_URL": "", "BOOCODE_DATA_DIR": str(tmp_path / "data")}
    server = Server(tmp_path / "data", environment)
    server.program = (
        "-P",
        "-c",
        f"import os; os.chdir({str(tmp_path)!r}); from boocode.__main__ import main; main()",
        "serve",
    )
    yield server
    server.stop()


def test_it_holds_no_tests_and_names_its_command(installed: Path) -> None:
    assert not (installed / "tests").exists()
    (entry_points,) = installed.glob("*.dist-info/entry_points.txt")
    assert "boocode = boocode.__main__:main" in entry_points.read_text()


def test_its_server_serves_its_pages(server: Server) -> None:
    server.start()
    login = http.get(f"{server.url}/login").text
    paths = re.findall(r'"(/static/[^"]+)"', login)
    assert len(paths) > 2
    assert all(http.get(f"{server.url}{path}").is_success for path in paths)
