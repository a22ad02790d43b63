"""`python manage.py …` works as the documents write it, whichever Python that is."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_goes_on_with_the_python_that_has_the_packages(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare")
    checkout = tmp_path / "checkout"
    (checkout / ".venv/bin").mkdir(parents=True)
    shutil.copy(ROOT / "manage.py", checkout)
    (checkout / "boocode").symlink_to(ROOT / "boocode")
    wrapper = checkout / ".venv/bin/python"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    wrapper.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BOOCODE_DATA_DIR": str(tmp_path / "data")}
    command: list[str | Path] = [tmp_path / "bare/bin/python", checkout / "manage.py", "version"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("5."), "Django's version"
