"""Text as every database column and encoder takes it. Pure."""

import math
import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    """Replace what no database column or UTF-8 encoder takes: NUL (PostgreSQL) and lone surrogates (a cut emoji)."""
    return _UNSTORABLE.sub("\ufffd", text)


def clean_value(value: Any) -> Any:
    """`clean` for every string in a JSON value, and for what Python's JSON reader takes and JSON does not have: NaN,
    Infinity. Such a number becomes its name."""
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
