"""The SDKs, imported late: they cost 0.8 s and 70 MB, which only those shall pay who use one."""

import sys
from importlib import import_module
from typing import Any


def load(module: str) -> Any:
    """Import `module` and return it. Slow the first time: call it off the event loop."""
    # httpx2 loads it for its command line, if it is there: 3 MB, and a tenth of the time.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # the import system's word for "not installed"
    return import_module(module)
