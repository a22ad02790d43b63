"""The environment that tests and their servers run in: the machine's own, without what would change a result."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

CLOSED_PORT = "http://127.0.0.1:9"


def clean_environment(machine: Mapping[str, str], data_dir: Path, scripts_dir: Path) -> dict[str, str]:
    """`machine` without settings of BooCode and providers' keys, with a data directory and scripts for the tests.

    DATABASE_URL and REDIS_URL stay: they say which of the two kinds of deployment is under test.
    """
    clean = {name: value for name, value in machine.items() if not _is_setting(name)}
    return clean | {
        "DJANGO_SETTINGS_MODULE": "boocode.settings",
        "BOOCODE_DATA_DIR": str(data_dir),
        "BOOCODE_SCRIPTS_DIR": str(scripts_dir),
        "BOOCODE_ALLOWED_ROOTS": str(Path(tempfile.gettempdir()).resolve()),
        "BOOCODE_SECRET_KEY": f"only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-{data_dir}",
        "BOOCODE_MODEL": "scripted:demo",
        # Whoever tries to leave the machine finds a closed door, in child processes too.
        "HTTP_PROXY": CLOSED_PORT,
        "HTTPS_PROXY": CLOSED_PORT,
        "ALL_PROXY": CLOSED_PORT,
        "NO_PROXY": "127.0.0.1,localhost,::1",
    }


def _is_setting(name: str) -> bool:
    starts = ("BOOCODE_", "DJANGO_", "OPENAI_", "ANTHROPIC_")
    ends = ("_API_KEY", "_PROXY")
    # Without its last, every server that a test starts would compile all of Django anew.
    names = ("HOST", "PORT", "XDG_DATA_HOME", "PYTHONDONTWRITEBYTECODE")
    return name.startswith(starts) or name.upper().endswith(ends) or name in names
