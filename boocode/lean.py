"""A lean start: libraries load all that they might work with, which is a quarter of the start and of the memory."""

import asyncio
import ctypes
import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import ModuleType

import uvloop

M_ARENA_MAX = -8


def load_lean() -> None:
    """Before Django loads its apps: what daphne and the REST framework try to import and is not used stays out."""
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
    with instead({"OpenSSL": None, wamp.__name__: wamp}):
        import daphne.server  # noqa: F401


def load_rest_framework() -> None:
    with instead(dict.fromkeys(("markdown", "psycopg", "pygments", "requests"))):
        import rest_framework.compat  # noqa: F401


@contextmanager
def instead(modules: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """What is imported inside finds these modules, or with None finds that they are not installed. Those that are
    loaded already stay what they are."""
    stand_ins = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(stand_ins)  # type: ignore[arg-type]  # None is the import system's own word for it
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]
