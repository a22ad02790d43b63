import subprocess
import sys
from pathlib import Path

import pytest

from chats.providers.sample import BUG, FILES, FIX, create_sample


def run_tests(root: Path) -> str:
    done = subprocess.run([sys.executable, "-m", "unittest"], cwd=root, capture_output=True, text=True, check=False)
    return done.stderr


def test_it_fails_until_one_line_is_changed(tmp_path: Path) -> None:
    root = create_sample(tmp_path / "new" / "sample")
    assert sorted(path.name for path in root.iterdir()) == sorted(FILES)
    assert "FAILED (failures=3)" in run_tests(root)
    code = root / "pricing.py"
    assert code.read_text().count(BUG) == 1
    code.write_text(code.read_text().replace(BUG, FIX))
    assert "OK" in run_tests(root)


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(FileExistsError, match=r"already has README\.md"):
        create_sample(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
