"""Reads settings from environment variables, and collects what is wrong with them instead of ending at the first."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix")


class Environment:
    """Reads variables. One that is empty counts as not set; one that can't be used is a problem, and gives its default.

    A problem is a sentence that names the variable and the remedy. It tells a value only where that is no secret.
    """

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        self.variables = variables
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        value = self.variables.get(name, "")
        return value if value.strip() else default

    def number(self, name: str, default: int, lowest: int = 1, highest: int | None = None) -> int:
        value = self.text(name).strip()
        if not value:
            return default
        if (
            re.fullmatch(r"-?[0-9]{1,18}", value)
            and lowest <= int(value)
            and (highest is None or int(value) <= highest)
        ):
            return int(value)
        limit = f"of {lowest} or more" if highest is None else f"from {lowest} to {highest}"
        return self._refuse(
            name, f"is {value!r}: set it to a whole number {limit}, or leave it out ({default})", default
        )

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name).strip().lower()
        if value in ("", *environ.Env.BOOLEAN_TRUE_STRINGS, "0", "false", "off", "no", "n"):
            return value in environ.Env.BOOLEAN_TRUE_STRINGS if value else default
        return self._refuse(name, f"is {value!r}: set it to true or false", default)

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """Return one of `choices`, whatever its case."""
        found = {choice.lower(): choice for choice in choices}.get(self.text(name, default).lower())
        return found or self._refuse(name, f"is {self.text(name)!r}: set it to {_join(choices)}", default)

    def parts(self, name: str, separator: str = ",") -> list[str]:
        return [part.strip() for part in self.text(name).split(separator) if part.strip()]

    def folder(self, name: str, default: str) -> Path:
        """Return a folder that can be written to, made where it is missing."""
        path = Path(self.text(name, default))
        try:
            path = path.expanduser().resolve()
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            reason = "" if os.access(path, os.W_OK | os.X_OK) else "it can't be written to"
        except FileExistsError:
            reason = "a file has this name"
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        if reason:
            self._refuse(name, f"names {str(path)!r}, where no data can be kept: {reason}. Name a folder of yours")
        return path

    def file(self, name: str, read: Callable[[str], Any], default: Any) -> Any:
        """Return what `read` makes of the text of the file that the variable names."""
        path = self.text(name)
        try:
            return read(Path(path).expanduser().read_text()) if path else default
        except (OSError, RuntimeError, ValueError) as error:
            return self._refuse(
                name, f"names {path!r}, which can't be used: {error}. Mend the file or leave it out", default
            )

    def pattern(self, name: str) -> str:
        """Return a regular expression."""
        try:
            re.compile(self.text(name))
        except re.error as error:
            return self._refuse(name, f"is no regular expression: {error}. Mend it or leave it out", "")
        return self.text(name)

    def web_address(self, name: str, *, with_path: bool = True) -> str:
        """Return an address of HTTP without a slash at its end."""
        value = self.text(name).strip().rstrip("/")
        try:
            parts = urlsplit(value)
            fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            fits = False
        if value and not fits:
            return self._refuse(name, "is no address: it begins with http:// or https:// and a host", "")
        if value and not with_path and (parts.path or parts.query or parts.fragment or parts.username):
            remedy = "has more than a host and a port. BooCode has a host name of its own: leave the rest out"
            return self._refuse(name, remedy, "")
        return value

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Return Django's description of the database that a URL names: SQLite or PostgreSQL."""
        url = self.text(name, default).strip()
        try:
            found = environ.Env.db_url_config(url) if url.partition("://")[0] in DATABASE_SCHEMES else {}
            fits = bool(found.get("NAME"))
        except ValueError:
            fits = False
        if fits:
            return found
        remedy = "names no database: set it to postgres://user:password@host:5432/name, or leave it out for SQLite"
        return self._refuse(name, remedy, environ.Env.db_url_config(default))

    def redis(self, name: str) -> str:
        """Return the URL of a Redis."""
        url = self.text(name).strip()
        try:
            parts = urlsplit(url)
            fits = parts.scheme in REDIS_SCHEMES and bool(parts.path if parts.scheme == "unix" else parts.hostname)
            fits = fits and parts.port != 0
        except ValueError:
            fits = False
        if url and not fits:
            return self._refuse(name, "names no Redis: set it to redis://host:6379, or leave it out", "")
        return url

    def _refuse(self, name: str, reason: str, default: Any = None) -> Any:
        self.problems.append(f"{name} {reason}.")
        return default

    def check(self) -> None:
        """Raise ImproperlyConfigured with all problems, one a line."""
        if self.problems:
            raise ImproperlyConfigured("\n".join(self.problems))


def _join(choices: Sequence[str]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"
