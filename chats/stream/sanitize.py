"""Makes text fit for every database column and encoder. Pure."""

import math
import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Replace what no database column or UTF-8 encoder takes: NUL (PostgreSQL) and lone surrogates (a cut emoji)."""
    return _UNSTORABLE.sub("\ufffd", text)


def clean_value(value: Any) -> Any:
    """Clean every string in a JSON value.

    NaN and Infinity, which Python's JSON reader takes and JSON does not have, become their names.
    """
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case str():
            return clean(value)
        case list():
            return [clean_value(item) for item in value]
        case dict():
            return {clean(str(key)): clean_value(item) for key, item in value.items()}
        case _:
            return value
