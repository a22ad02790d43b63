"""Writes names and ids of tool calls so that a protocol takes them. Pure.

A history holds what models made up: a tool's name with a dot or 80 letters, an id of another provider's form. Sent as
they came, strict servers refuse every later request of the chat. An id goes back to its own provider as it came.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

NAME_CHARS = 64
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]+")
_DIGEST_CHARS = 8


@dataclass(frozen=True)
class IdForm:
    """Says which ids a protocol takes."""

    pattern: re.Pattern[str]

    def write(self, id: str, *, is_own: bool) -> str:
        """Write the id: as it is where the protocol takes it or the provider made it, else one in its place."""
        if self.pattern.fullmatch(id) or (is_own and id):
            return id
        return f"call_{sha256(id.encode(errors='replace')).hexdigest()[:24]}"


ANY_SHORT_ID = IdForm(re.compile(r"[\x21-\x7e]{1,40}"))
PLAIN_ID = IdForm(re.compile(r"[a-zA-Z0-9_-]{1,64}"))


def write_name(name: str) -> str:
    """Write a tool's name: as it is where every protocol takes it, else one in its place, different for each name."""
    plain = _NOT_IN_NAMES.sub("_", name)
    if plain == name and 0 < len(name) <= NAME_CHARS:
        return name
    digest = sha256(name.encode(errors="replace")).hexdigest()[:_DIGEST_CHARS]
    return f"{plain[: NAME_CHARS - _DIGEST_CHARS - 1] or 'unnamed'}_{digest}"


def read_name(written: str, names: Iterable[str]) -> str:
    """Read the name of a call: that of the tool which was offered under it, else the name as it came."""
    return next((name for name in names if written not in names and write_name(name) == written), written)
