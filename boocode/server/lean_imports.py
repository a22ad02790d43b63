"""Keeps optional imports of libraries out: they are a quarter of the start's time and memory."""

import asyncio
import ctypes
import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import ModuleType

import uvloop

M_ARENA_MAX = -8


def import_server_lean() -> None:
    """Import daphne without what it tries to import and does not use; before Django loads its apps."""
    # Code that is being loaded is no garbage, and looking for some in it again and again is a quarter of the time.
    gc.set_threshold(10_000, 20, 20)
    # One thread works at a time, so an arena of the C library's for each would only be memory that lies idle.
    with suppress(AttributeError):  # glibc alone has arenas
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
    # daphne makes the server's event loop as it is imported.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    # TLS is a proxy's work, and WAMP is a protocol that daphne does not speak.
    wamp = ModuleType("autobahn.twisted.wamp")
    vars(wamp)["ApplicationSession"] = object
    with replace_modules({"OpenSSL": None, wamp.__name__: wamp}):
        import daphne.server  # noqa: F401


def import_rest_framework_lean() -> None:
    """Import the REST framework without what it tries to import and does not use."""
    with replace_modules(dict.fromkeys(("markdown", "psycopg", "pygments", "requests"))):
        import rest_framework.compat  # noqa: F401


@contextmanager
def replace_modules(modules: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """Replace modules for the imports inside; None stands for a module that is not installed.

    Modules that are loaded already stay.
    """
    stand_ins = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(stand_ins)  # type: ignore[arg-type]  # None is the import system's own word for it
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]
