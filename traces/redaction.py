"""Masks what must never be stored: values of the server's environment that are secrets, and what a person's pattern
matches. Pure.

A list of values and not of shapes: a made-up key in somebody's test is none of ours, and our own is hidden whatever it
looks like.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

MASK = "[redacted]"
MIN_CHARS = 8
"""A shorter value would be found in innocent text."""

_SECRET_NAME = re.compile(
    r"(^|_)(\w*(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|APIKEY)|KEY|CREDENTIALS?|DSN|PAT|AUTH)\d*(_|$)", re.IGNORECASE
)
_PLACE_NAME = re.compile(r"(_FILE|_PATH|_DIR|_SOCK|_SOCKET|_URL|_URI|_HOST|_ID|_NAME)$|^GIT_CONFIG_KEY_", re.IGNORECASE)
_PLACE = re.compile(r"/[\w.@-]+(/[\w.@-]+)+")
_PASSWORD_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:([^/\s@]+)@", re.IGNORECASE)


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """Returns the values that are secrets by their name, and passwords in addresses, whatever the name."""
    found = {value.strip() for name, value in environment.items() if _is_secret(name, value)}
    for value in environment.values():
        found |= set(_PASSWORD_IN_URL.findall(value))
    return {secret for secret in found if len(secret) >= MIN_CHARS}


def _is_secret(name: str, value: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not _PLACE_NAME.search(name) and not _PLACE.fullmatch(value)


class Redactor:
    """Puts a mask in the place of each secret. `pattern` is a regular expression for what is secret besides."""

    def __init__(self, secrets: Iterable[str], pattern: str = "") -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= MIN_CHARS}
        # The longest first: one secret may begin with another.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile(pattern) if pattern else None
        self._longest = max(map(len, self._forms), default=0)
        self._starts = {form[0] for form in self._forms}

    def text(self, text: str) -> str:
        """Masks secrets in a text."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        # What matches the empty string would put a mask between all characters.
        return self._pattern.sub(lambda match: MASK if match[0] else "", text) if self._pattern else text

    def data(self, data: bytes) -> bytes:
        """Masks secrets in bytes of any kind; bytes that are no UTF-8 stay as they are."""
        return self.text(data.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    def value(self, value: Any) -> Any:
        """Masks secrets in every string of a JSON value, keys included."""
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.value(item) for item in value]
            case dict():
                return {self.text(str(key)): self.value(item) for key, item in value.items()}
            case _:
                return value

    def stream(self) -> "Stream":
        """Returns a redactor for one text that comes in pieces."""
        return Stream(self)

    def unfinished(self, text: str) -> int:
        """Returns the length of the end of `text` with which a secret may begin."""
        for start in range(max(0, len(text) - self._longest + 1), len(text)):
            if text[start] in self._starts and any(form.startswith(text[start:]) for form in self._forms):
                return len(text) - start
        return 0


class Stream:
    """Redacts text that comes in pieces: what may be the beginning of a secret is held back until more is known.

    The person's pattern sees single pieces only.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = ""

    def feed(self, piece: str) -> str:
        """Returns what can be shown by now."""
        text = self._redactor.text(self._held + piece)
        held = self._redactor.unfinished(text)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def finish(self) -> str:
        """Returns what was held back last: nothing more comes."""
        rest, self._held = self._held, ""
        return rest


def _forms(secret: str) -> Iterable[str]:
    """Yields the ways in which a secret shows up: as it is, as a JSON string, percent-decoded, and line by line."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield unquote(secret)
    if "\n" in secret:
        yield from (line.strip() for line in secret.splitlines() if not line.startswith("-----") and len(line) >= 20)
