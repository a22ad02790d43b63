"""Starts commands through the spawner, stops them for good, and awaits them without a thread."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from tools.commands.syscall_filter import make_filter

_GIB = 1024**3
_HEADER = struct.Struct("!I")
_PIPE_BYTES = 1024 * 1024
SIGNS_OF_LIFE = 5
_SPAWNER = Path(__file__).with_name("spawner.py")


def _data_bytes() -> int:
    """Half of the machine's memory, 8 GiB at most."""
    return min(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2, 8 * _GIB)


@dataclass(frozen=True)
class Limits:
    """What one command may use. `data_bytes` is private memory, for each process and for all of the command's together:
    not address space, which Node, Go and Java reserve by the gigabyte and never touch. `processes` counts all."""

    data_bytes: int = _data_bytes()
    file_bytes: int = 8 * _GIB
    core_bytes: int = 0
    processes: int = 1_024


@dataclass(frozen=True)
class End:
    """How a command ended: its exit code (minus the signal's number where one killed it), or None where it never
    ran or was lost. `failure` is the number of an exec error; `reason` is `processes` or
    `memory` over that limit, `silence` where this server gave no sign of life for too long."""

    exit_code: int | None
    failure: int | None = None
    reason: str = ""


class Spawner:
    """The server's end of the spawner program: one for each server process, started at the first command."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._program: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self.silence_s = 0.0
        """Commands end when the server gives them no sign of life for so long; 0: they don't ask."""

    def hand_over(self, output: int, control: int, directory: int) -> None:
        """Give the next supervisor its descriptors. A spawner that is gone is started again. Raises OSError."""
        with self._lock:
            self.wake()
            try:
                socket.send_fds(self._connected(), [b"c"], [output, control, directory])
            except OSError:
                self._close()
                socket.send_fds(self._connected(), [b"c"], [output, control, directory])

    def wake(self) -> None:
        """Let it go on where a command stopped it (SIGSTOP)."""
        if self._program is not None:
            self._program.send_signal(signal.SIGCONT)

    def warm_up(self) -> None:
        """Start the program now, so that the first command need not wait for it."""
        with self._lock:
            self._connected()

    def close(self) -> None:
        """End the program; running commands keep their supervisors."""
        with self._lock:
            self._close()

    def _connected(self) -> socket.socket:
        if self._socket is None or self._program is None or self._program.poll() is not None:
            self._close()
            ours, theirs = socket.socketpair()
            with theirs:
                self._program = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-B", str(_SPAWNER)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                    cwd="/",
                    start_new_session=True,
                )
            self._socket = ours
        return self._socket

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._program is not None:
            with suppress(subprocess.TimeoutExpired):
                self._program.wait(timeout=1)
        self._socket = self._program = None


SPAWNER = Spawner()


class Process:
    """A running command. `output` is the reading end of the pipe that its standard output and error share."""

    def __init__(self, output: int, control: socket.socket, request: bytes, silence_s: float) -> None:
        self.output = output
        self._control = control
        self._sent = False
        self._signs_every_s = silence_s / SIGNS_OF_LIFE
        self._end = asyncio.ensure_future(self._converse(request))

    async def wait(self) -> End:
        """Its end, when it and all that it started are gone. May be called again and again, and cancelled."""
        return await asyncio.shield(self._end)

    async def stop(self, grace_s: float) -> End:
        """Ask it to end (SIGTERM to all of its processes), kill after `grace_s`, and wait until nothing is left."""
        SPAWNER.wake()
        self._send_word(b"T")
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                return await self.wait()
        self.kill()
        return await self.wait()

    def kill(self) -> None:
        """SIGKILL to all of its processes; `wait` tells when they are gone."""
        self._send_word(b"K")

    def close(self) -> None:
        """Let go of the pipe and the socket. What should still run then is killed by its supervisor."""
        self._end.cancel()
        self._control.close()
        os.close(self.output)

    def _send_word(self, word: bytes) -> None:
        with suppress(OSError):
            if self._sent:
                self._control.send(word)
            else:
                # In the middle of the request a word would be taken for a part of it: break it off instead.
                self._control.shutdown(socket.SHUT_WR)

    def _give_sign_of_life(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._end.done():
            self._send_word(b"L")
            loop.call_later(self._signs_every_s, self._give_sign_of_life, loop)

    async def _converse(self, request: bytes) -> End:
        loop = asyncio.get_running_loop()
        answer = b""
        try:
            await loop.sock_sendall(self._control, request)
            self._sent = True
            if self._signs_every_s:
                self._give_sign_of_life(loop)
            while not answer.endswith(b"\n") and (data := await loop.sock_recv(self._control, 4_096)):
                answer += data
        except OSError:
            answer = b""
        if not answer:
            # The supervisor was killed, by the command perhaps. The spawner kills what was below it.
            return End(None)
        message = json.loads(answer)
        return End(message.get("status"), message.get("failure"), message.get("reason", ""))


@cache
def _has_setuid_bit(program: str) -> bool:
    """Tells whether a program runs as root for everybody, as bubblewrap may: then it can't start under a filter."""
    return bool(os.stat(program).st_mode & stat.S_ISUID)


def start(
    argv: Sequence[str], directory: int, environment: Mapping[str, str], limits: Limits, *, sandboxed: bool = False
) -> Process:
    """Start `argv` in an open directory, with standard input at its end. `sandboxed`: the program is bubblewrap, with
    the command in it. Raises OSError where nothing can start."""
    output, output_write = os.pipe()
    control, control_theirs = socket.socketpair()
    try:
        os.set_blocking(output, False)
        control.setblocking(False)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            with suppress(OSError):
                fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        SPAWNER.hand_over(output_write, control_theirs.fileno(), directory)
    except BaseException:
        os.close(output)
        control.close()
        raise
    finally:
        os.close(output_write)
        control_theirs.close()
    silence_s = SPAWNER.silence_s
    filtered = make_filter() if sandboxed and not _has_setuid_bit(argv[0]) else ""
    told = {"sandboxed": sandboxed, "silence_s": silence_s, "syscall_filter": filtered, **asdict(limits)}
    request = json.dumps({"argv": list(argv), "env": dict(environment), **told}).encode()
    return Process(output, control, _HEADER.pack(len(request)) + request, silence_s)
