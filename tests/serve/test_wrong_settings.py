"""Settings that can't be used: `serve` tells all at once, each in a sentence with the remedy, and ends with 2."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boocode.server.environment import Environment
from tests.server import PROJECT_DIR

NUMBERS = (
    "BOOCODE_MAX_STEPS",
    "BOOCODE_LEASE_S",
    "BOOCODE_CHECK_TIMEOUT_S",
    "BOOCODE_APPROVAL_TIMEOUT_S",
    "BOOCODE_CHECKPOINT_QUOTA_MB",
    "BOOCODE_DATABASE_POOL",
)
SECRET = "hunter2-is-a-secret"


def start(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *(arguments or ("serve",))],
        env=dict(os.environ) | {"DJANGO_SETTINGS_MODULE": "boocode.settings"} | variables,
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_says_all_that_is_wrong_and_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("{")
    wrong = {
        "PORT": "x",
        "BOOCODE_DATA_DIR": str(file),
        "BOOCODE_PRICES": str(file),
        "BOOCODE_DEBUG": "perhaps",
        "BOOCODE_SANDBOX": "loose",
        "BOOCODE_LOG_LEVEL": "LOUD",
        "BOOCODE_REDACT": "(",
        "BOOCODE_PUBLIC_URL": "https://boocode.example.org/code",
        "OPENAI_BASE_URL": "localhost:8080/v1",
        "ANTHROPIC_BASE_URL": "http://",
        "DATABASE_URL": f"mongodb://me:{SECRET}@host/name",
        "REDIS_URL": f"me:{SECRET}@host",
        **dict.fromkeys(NUMBERS, "1.5"),
    }
    ended = start(**wrong)
    assert ended.returncode == 2
    said = ended.stderr.splitlines()
    assert sorted(line.split()[0] for line in said) == sorted(wrong)
    assert all(line.endswith(".") for line in said)
    assert SECRET not in ended.stderr


@pytest.mark.parametrize("value", ["-1", "65536", "80 80", "0x50", "٨", "1e3", "9" * 30])
def test_a_port_is_a_number_that_ports_have(value: str) -> None:
    environment = Environment({"PORT": value})
    assert environment.number("PORT", 8000, lowest=0, highest=65535) == 8000
    assert "from 0 to 65535" in environment.problems[0]


@pytest.mark.parametrize(
    "read",
    [
        lambda env: env.text("NAME", "default") == "default",
        lambda env: env.number("NAME", 7) == 7,
        lambda env: env.flag("NAME", True) is True,
        lambda env: env.choice("NAME", "a", ("a", "b")) == "a",
        lambda env: env.web_address("NAME") == "",
        lambda env: env.redis("NAME") == "",
        lambda env: env.pattern("NAME") == "",
        lambda env: env.parts("NAME") == [],
        lambda env: env.file("NAME", str, None) is None,
        lambda env: env.database("NAME", "sqlite:////a/b")["NAME"] == "/a/b",
    ],
)
@pytest.mark.parametrize("variables", [{}, {"NAME": ""}, {"NAME": "  "}])
def test_what_is_empty_counts_as_not_set(read: Callable[[Environment], bool], variables: dict[str, str]) -> None:
    environment = Environment(variables)
    assert read(environment)
    assert environment.problems == []


@pytest.mark.parametrize(
    ("method", "value", "fits"),
    [
        ("web_address", "http://localhost:8080/v1/", True),
        ("web_address", "https://[::1]:8080", True),
        ("web_address", "https://[::1", False),
        ("web_address", "http://host:port", False),
        ("web_address", "ftp://host", False),
        ("redis", "redis://host:6379/1", True),
        ("redis", "rediss://user:password@host", True),
        ("redis", "unix:///run/redis.sock", True),
        ("redis", "unix://", False),
        ("redis", "host:6379", False),
        ("redis", "redis://host:port", False),
    ],
)
def test_it_takes_addresses_that_can_be_reached(method: str, value: str, fits: bool) -> None:
    environment = Environment({"NAME": value})
    assert (getattr(environment, method)("NAME") == value.rstrip("/")) is fits
    assert len(environment.problems) == (0 if fits else 1)


@pytest.mark.parametrize(
    "url", ["postgres://host", "postgres://u:p@h:port/name", "mysql://h/name", "nonsense", "/x.db"]
)
def test_it_takes_sqlite_and_postgresql_alone(url: str) -> None:
    environment = Environment({"DATABASE_URL": url})
    environment.database("DATABASE_URL", "sqlite:////a/b")
    assert "DATABASE_URL names no database" in environment.problems[0]


def test_options_in_the_address_of_the_database_stay() -> None:
    found = Environment({"DATABASE_URL": "postgres://u:p@h/n?sslmode=require"}).database("DATABASE_URL", "")
    assert found["OPTIONS"] == {"sslmode": "require"}


def test_a_password_may_begin_with_any_letter() -> None:
    assert Environment({"NAME": "$ecret"}).text("NAME") == "$ecret"


def test_a_data_directory_is_made_where_it_is_missing(tmp_path: Path) -> None:
    environment = Environment({"NAME": str(tmp_path / "a" / "b")})
    assert environment.folder("NAME", "").is_dir()
    assert environment.folder("NAME", "").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["/proc/here", "/dev/null/x", "~nobody-of-this-name/x", "a\0b"])
def test_a_data_directory_can_be_written_to(name: str) -> None:
    environment = Environment({"NAME": name})
    environment.folder("NAME", "")
    assert "no data can be kept" in environment.problems[0]


@pytest.mark.parametrize(
    ("public", "suffix"), [("", "8123"), ("https://a.example", ""), ("http://a.example:8443", "8443")]
)
def test_cookies_are_named_by_what_people_type(public: str, suffix: str) -> None:
    shown = start(
        "shell",
        "--no-imports",
        "-c",
        "from django.conf import settings; print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)",
        BOOCODE_PUBLIC_URL=public,
        PORT="8123",
    )
    end = f"_{suffix}" if suffix else ""
    assert shown.stdout.split() == [f"boocode_session{end}", f"boocode_csrf{end}"], shown.stderr
