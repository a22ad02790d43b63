"""Runs commands that go on while the model does something else: started, listed, read and stopped by an id. They belong
to the server's process and to an owner (a chat), and end with either."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tools.commands.output_capture import Capture
from tools.commands.processes import End, Limits, start
from tools.commands.redraws import settle
from tools.commands.run import Output
from tools.errors import ToolError

MAX_RUNNING = 8
MAX_KEPT = 20
RECENT_BYTES = 32 * 1024
STOP_GRACE_S = 3.0


class Recent(Capture):
    """The last of an output, with what was read of it already."""

    def __init__(self) -> None:
        super().__init__(limit=1_024)
        self._recent = bytearray()
        self._read = 0

    def feed(self, chunk: bytes) -> None:
        super().feed(chunk)
        self._recent += chunk
        if len(self._recent) > 2 * RECENT_BYTES:
            del self._recent[:-RECENT_BYTES]

    def unread(self) -> str:
        """What came since the last reading: its end, where it is long."""
        fresh, self._read = self.total - self._read, self.total
        shown = bytes(self._recent[-min(fresh, RECENT_BYTES) :]) if fresh else b""
        left_out = fresh - len(shown)
        note = f"[… {left_out:,} bytes left out here …]\n" if left_out else ""
        return note + settle(shown).decode(errors="replace")


@dataclass
class Command:
    """One command. `end` is None as long as it runs."""

    id: str
    argv: tuple[str, ...]
    output: Recent
    task: asyncio.Task[None]
    stop: asyncio.Event
    started: float
    end: End | None = None

    def __str__(self) -> str:
        if self.end is None:
            state = f"runs for {time.monotonic() - self.started:.0f} s"
        else:
            code = self.end.exit_code
            ended = "could not be started" if code is None else f"ended with exit status {code}"
            state = "was stopped" if self.stop.is_set() else ended
        return f"{self.id}: {shlex.join(self.argv)} [{state}]"


class Background:
    """All of one server process."""

    def __init__(self) -> None:
        self._commands: dict[str, dict[str, Command]] = {}
        self._count = 0

    def start(
        self,
        owner: str,
        shown: Sequence[str],
        argv: Sequence[str],
        directory: int,
        environment: Mapping[str, str],
        *,
        sandboxed: bool,
    ) -> Command:
        """Start `argv` (which `shown` names) in the open directory. Raises ToolError where too many run, OSError."""
        mine = self._commands.setdefault(owner, {})
        if sum(command.end is None for command in mine.values()) >= MAX_RUNNING:
            raise ToolError(f"{MAX_RUNNING} commands run in the background already: stop one first.")
        for id in [id for id, command in mine.items() if command.end is not None][: max(0, len(mine) - MAX_KEPT)]:
            del mine[id]
        process = start(argv, directory, environment, Limits(), sandboxed=sandboxed)
        self._count += 1
        recent, stop = Recent(), asyncio.Event()
        command = Command(f"b{self._count}", tuple(shown), recent, None, stop, time.monotonic())  # type: ignore[arg-type]
        output = Output(process, recent, None, None)

        async def watch() -> None:
            waiting = asyncio.ensure_future(process.wait())
            stopping = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait([waiting, stopping], return_when=asyncio.FIRST_COMPLETED)
                command.end = waiting.result() if waiting.done() else await process.stop(STOP_GRACE_S)
                await output.drained()
            finally:
                stopping.cancel()
                output.close()
                process.close()

        command.task = asyncio.create_task(watch())
        mine[command.id] = command
        return command

    def of(self, owner: str) -> list[Command]:
        """The owner's commands, oldest first."""
        return list(self._commands.get(owner, {}).values())

    def find(self, owner: str, id: str) -> Command:
        """Raises ToolError where there is none of that id."""
        command = self._commands.get(owner, {}).get(id)
        if command is None:
            known = ", ".join(self._commands.get(owner, {})) or "none"
            raise ToolError(
                f"There is no command {id!r} in the background (there is: {known}). A restart ends them all."
            )
        return command

    async def wait(self, command: Command, timeout_s: float) -> None:
        """Until it ends, or for so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(command.task), timeout_s)

    async def stop(self, command: Command) -> None:
        """End it and all that it started."""
        command.stop.set()
        await asyncio.shield(command.task)

    async def stop_all(self, owner: str) -> None:
        """End all commands of one owner, and forget them."""
        await asyncio.gather(*(self.stop(command) for command in self._commands.pop(owner, {}).values()))

    async def close(self) -> None:
        """End everything."""
        await asyncio.gather(*(self.stop_all(owner) for owner in list(self._commands)))


BACKGROUND = Background()
