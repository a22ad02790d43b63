"""Runs one command from start to end: output in constant memory, a time limit, and nothing left running after it."""

from __future__ import annotations

import asyncio
import codecs
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from tools.commands.output_capture import OUTPUT_BYTES, Capture
from tools.commands.processes import End, Limits, Process, start

logger = logging.getLogger(__name__)

LIVE_BYTES = 32 * 1024
READ_BYTES = 256 * 1024
CANCEL_GRACE_S = 5.0
TIMEOUT_GRACE_S = 0.5
# Nothing of the command lives any more; only a descriptor that was passed to a stranger can hold the pipe.
DRAIN_S = 0.2

Emit = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Outcome:
    """`end` tells how the command ended, `capture` what it wrote; `timed_out` where it was stopped for its time.

    A command stopped for the length of its output (`enough_bytes`) ends by SIGKILL, as if it had been killed.
    """

    end: End
    capture: Capture
    timed_out: bool


async def run(
    argv: Sequence[str],
    directory: int,
    environment: Mapping[str, str],
    *,
    timeout_s: float,
    emit: Emit | None = None,
    limits: Limits | None = None,
    capture: Capture | None = None,
    enough_bytes: int | None = None,
    sandboxed: bool = False,
) -> Outcome:
    """Runs `argv` in the open `directory`. A cancel stops it and everything that it started before it propagates.

    Raises OSError where no process can be started; a program that does not exist is an Outcome.
    """
    process = start(argv, directory, environment, limits or Limits(), sandboxed=sandboxed)
    output = Output(process, capture or Capture(OUTPUT_BYTES), emit, enough_bytes)
    try:
        end, timed_out = await _wait_for_end(process, timeout_s)
        await output.drained()
        return Outcome(end, output.capture, timed_out)
    finally:
        output.close()
        process.close()


async def _wait_for_end(process: Process, timeout_s: float) -> tuple[End, bool]:
    try:
        async with asyncio.timeout(timeout_s):
            return await process.wait(), False
    except TimeoutError:
        return await process.stop(TIMEOUT_GRACE_S), True
    except asyncio.CancelledError:
        await _stop_for_good(process)
        raise


async def _stop_for_good(process: Process) -> None:
    """Stops it, whatever comes: a second cancel ends the grace, and waits all the same until nothing is left."""
    stopping = asyncio.ensure_future(process.stop(CANCEL_GRACE_S))
    while not stopping.done():
        try:
            await asyncio.wait([stopping])
        except asyncio.CancelledError:
            process.kill()


class Output:
    """Reads the pipe as it fills, into the capture and, up to LIVE_BYTES, to `emit`."""

    def __init__(self, process: Process, capture: Capture, emit: Emit | None, enough_bytes: int | None) -> None:
        self.capture = capture
        self._process = process
        self._enough_bytes = enough_bytes
        self._live = Live(emit) if emit else None
        self._loop = asyncio.get_running_loop()
        self._finished = self._loop.create_future()
        self._loop.add_reader(process.output, self._read)

    async def drained(self) -> None:
        """Waits until the pipe is at its end, or nothing more is to be waited for, and all of it is emitted."""
        await asyncio.wait([self._finished], timeout=DRAIN_S)
        if self._live:
            await self._live.finish()

    def close(self) -> None:
        """Stops reading."""
        self._loop.remove_reader(self._process.output)
        if self._live:
            self._live.close()

    def _read(self) -> None:
        try:
            chunk = os.read(self._process.output, READ_BYTES)
        except BlockingIOError:
            return
        if not chunk:
            self._loop.remove_reader(self._process.output)
            if not self._finished.done():
                self._finished.set_result(None)
            return
        self.capture.feed(chunk)
        if self._enough_bytes and self.capture.total >= self._enough_bytes:
            self._process.kill()
        if self._live:
            self._live.feed(chunk)


class Live:
    """Hands output on while the command runs; a slow or failing receiver never slows or fails the command."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._room = LIVE_BYTES
        self._pending = ""
        self._task: asyncio.Task[None] | None = None

    def feed(self, chunk: bytes) -> None:
        """Take what came, as far as there is room."""
        if self._room <= 0:
            return
        self._pending += self._decode(chunk[: self._room])
        self._room -= len(chunk)
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._send())

    async def finish(self) -> None:
        """Wait until all that was taken is handed on."""
        if self._task:
            await self._task
            self._pending += self._decode(b"", True)
            await self._send()

    def close(self) -> None:
        """Drop what is not handed on yet."""
        if self._task:
            self._task.cancel()

    async def _send(self) -> None:
        try:
            while self._pending:
                chunk, self._pending = self._pending, ""
                await self._emit(chunk)
        except Exception:
            logger.exception("live output could not be handed on")
            self._room, self._pending = 0, ""
