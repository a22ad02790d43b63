"""Does blocking file work off the event loop, on a few threads of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# Few: file work is short, and Django's own pool must not wait behind a slow disk.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="boocode-files")


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs a read. Cancelling leaves the thread to end by itself; its answer is dropped."""
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(function, *args, **kwargs))


async def write_in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs a write. A cancel waits for it, so that no file changes after the call is said to be over."""
    future = asyncio.get_running_loop().run_in_executor(_threads, partial(function, *args, **kwargs))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
