"""What is imported when a real model is first asked: an HTTP client takes 0.2 s and 20 MB."""

from importlib import import_module
from typing import Any


def load(module: str) -> Any:
    """Imports `module` of this package and returns it. Slow the first time: call it off the event loop."""
    return import_module(f"{__package__}.{module}")
