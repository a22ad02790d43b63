"""Starts commands for the server, and never lets one outlive its call. Run as a script.

The server is large and threaded: forking it is slow and unsafe, and Python code between its fork and exec more so.
So it starts this program once, which forks a supervisor ahead of each command. The waiting supervisor takes the next
command from the server: three descriptors (the pipe for the output, a control socket, the working directory), and on
the control socket the rest. It is the "child subreaper" of its command: whatever that forks, in whatever session or
group, becomes the supervisor's child when it loses its parent, and is killed when the command ends, when the server
says so, or when the server is gone (its end of the control socket closes, kill -9 included).

Standard library only, and started with `-I -S`: it has to be small, because each supervisor is a fork of it.
"""

from __future__ import annotations

import array
import base64
import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from typing import Any, NoReturn

HEADER = struct.Struct("!I")
FDS_BYTES = 3 * array.array("i").itemsize
PR_SET_CHILD_SUBREAPER = 36
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
PR_SET_NO_NEW_PRIVS = 38
PF_EXITING = 0x4
OOM_SCORE = "800"
WATCH_S = 0.2
COUNT_S = 30.0
KILL_S = 10.0
LIMITS = {
    "data_bytes": resource.RLIMIT_DATA,
    "file_bytes": resource.RLIMIT_FSIZE,
    "core_bytes": resource.RLIMIT_CORE,
}
# What a waiting supervisor tells the spawner: it took a command, it died, or the server is gone.
TAKEN, DEAD, SERVER_GONE = b"t", b"d", b"g"


def main() -> None:
    """Keep one supervisor waiting on the socket that is standard input, until the server closes it."""
    become_subreaper()
    gc.disable()
    news, news_write = os.pipe()
    spawner = Spawner(news_write)
    signal.signal(signal.SIGCHLD, lambda *_: spawner.sweep())
    word = TAKEN
    while word != SERVER_GONE:
        spawner.fork_supervisor()
        word = os.read(news, 1)


class Spawner:
    """The parent of all supervisors."""

    def __init__(self, news: int) -> None:
        self.news = news
        self.supervisors: set[int] = set()
        self.waiting = 0
        self.threads = 0
        self.counted_at = 0.0

    def fork_supervisor(self) -> None:
        """Fork the one that takes the next command."""
        if time.monotonic() - self.counted_at > COUNT_S or not self.threads:
            self.threads, self.counted_at = threads_of_user(), time.monotonic()
        # A child that ends before its number is noted would be taken for a stranger's.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        self.waiting = os.fork()
        if self.waiting == 0:
            self.become_supervisor()
        self.supervisors.add(self.waiting)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])

    def become_supervisor(self) -> NoReturn:
        """Whatever happens, this does not return into the loop of the parent."""
        try:
            fds = receive_fds(0)
            os.write(self.news, TAKEN if fds else SERVER_GONE)
            os.close(self.news)
            if fds:
                Supervisor(fds, self.threads).run()
        finally:
            os._exit(0)

    def sweep(self) -> None:
        """Reap what ended. A child that is no supervisor lost its own (someone killed it): it goes too. So does a
        supervisor that was stopped: it would see neither the time limit nor a cancel."""
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG | os.WUNTRACED))[0] > 0:
                ended, status = found
                if os.WIFSTOPPED(status):
                    send_signal(ended, signal.SIGKILL)
                    continue
                self.supervisors.discard(ended)
                if ended == self.waiting:
                    self.waiting = 0
                    os.write(self.news, DEAD)
        for pid in children(os.getpid()):
            if pid not in self.supervisors:
                send_signal(pid, signal.SIGKILL)


def receive_fds(server: int) -> list[int]:
    """The three descriptors of the next command; none at the end."""
    with socket.socket(fileno=os.dup(server)) as connection:
        _, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(FDS_BYTES))
    fds = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data)
    for fd in fds:
        os.set_inheritable(fd, False)
    return list(fds)


class Supervisor:
    """One command's parent."""

    def __init__(self, fds: list[int], threads: int) -> None:
        self.output, control, self.directory = fds
        self.control = socket.socket(fileno=control)
        self.threads = threads
        self.status: int | None = None
        self.main = 0
        self.processes = 0
        self.data_bytes = 0
        self.sandboxed = False
        self.silence_s = 0.0
        self.heard_at = time.monotonic()

    def run(self) -> None:
        """Start the command, wait for its end or for the server's word, kill what is left, tell how it ended."""
        become_subreaper()
        wake, wake_write = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        message = self.receive()
        try:
            self.start(message)
        except OSError as error:
            self.send({"failure": error.errno})
            return
        reason = self.watch(wake)
        self.kill_all()
        self.send({"status": self.status, "reason": reason})

    def receive(self) -> dict[str, Any]:
        """The command, its environment and its limits."""
        # Exactly this many bytes: the server's next word may be right behind them.
        (length,) = HEADER.unpack(self.control.recv(HEADER.size, socket.MSG_WAITALL))
        return dict(json.loads(self.control.recv(length, socket.MSG_WAITALL)))

    def start(self, message: dict[str, Any]) -> None:
        """Spawn the command. Directory and limits are this process's own first, for the command inherits them: so
        no Python runs between fork and exec, and the fork copies nothing."""
        null = os.open(os.devnull, os.O_RDWR)
        self.processes = message["processes"]
        self.data_bytes = message["data_bytes"]
        self.sandboxed = message["sandboxed"]
        self.silence_s = message["silence_s"]
        for name, limit in LIMITS.items():
            set_limit(limit, message[name])
        if hasattr(resource, "RLIMIT_NPROC"):
            set_limit(resource.RLIMIT_NPROC, self.threads + 4 * self.processes)
        # When memory runs out, the kernel shall take the command and not the server.
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as stream:
            stream.write(OOM_SCORE)
        if message["syscall_filter"]:
            filter_syscalls(base64.b64decode(message["syscall_filter"]))
        os.fchdir(self.directory)
        argv, environment = message["argv"], message["env"]
        os.environ["PATH"] = environment["PATH"]
        self.main = os.posix_spawnp(
            argv[0],
            argv,
            environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, null, 0),
                (os.POSIX_SPAWN_DUP2, self.output, 1),
                (os.POSIX_SPAWN_DUP2, self.output, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ],
        )
        for fd in (null, self.output, self.directory):
            os.close(fd)

    def watch(self, wake: int) -> str:
        """Until the command ends (""), or has to be killed: "processes" are too many; "memory" is too much of all
        together, the kernel's own limit being for each; "killed" is the server's word; "silence" that it gives none,
        being frozen, so that another one may have taken the turn over."""
        control = self.control.fileno()
        counted_at = time.monotonic()
        while True:
            ready, _, _ = select.select([wake, control], [], [], WATCH_S)
            if wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 512)
                if self.main_ended():
                    return ""
            if control in ready and not self.obey():
                return "killed"
            if self.silence_s and time.monotonic() - self.heard_at > self.silence_s:
                return "silence"
            # By the clock: where children keep ending, something is always ready.
            if time.monotonic() - counted_at >= WATCH_S:
                counted_at = time.monotonic()
                found = descendants(os.getpid())
                if len(found) > self.processes:
                    return "processes"
                if sum(map(private_bytes, found)) > self.data_bytes:
                    return "memory"

    def obey(self) -> bool:
        """One word of the server: L says that it lives, T asks the command to end; K, or the server's end, kills."""
        try:
            word = self.control.recv(1)
        except OSError:
            word = b""
        self.heard_at = time.monotonic()
        if word == b"L":
            return True
        if word != b"T":
            return False
        for pid in descendants(os.getpid()):
            # bubblewrap itself would die of it at once, and take the command with it before that can clean up.
            if not (self.sandboxed and pid == self.main):
                send_signal(pid, signal.SIGTERM)
        return True

    def main_ended(self) -> bool:
        """Reap what ended, adopted children too; whether the command itself is among it."""
        self.reap()
        return self.status is not None

    def kill_all(self) -> None:
        """Kill until no child is left. The group goes at once, which a fork inside it cannot outrun."""
        with contextlib.suppress(OSError):
            os.killpg(self.main, signal.SIGKILL)
        give_up = time.monotonic() + KILL_S
        pause = 0.0005
        while self.reap() and time.monotonic() < give_up:
            found = descendants(os.getpid())
            if self.status is not None and all(map(is_exiting, found)):
                return  # the kernel takes down their namespaces, which takes longer than most commands
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in found:
                    send_signal(pid, number)
            time.sleep(pause)
            pause = min(pause * 2, 0.02)

    def reap(self) -> bool:
        """Reap what ended; whether there are children left."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return True
                if pid == self.main:
                    self.status = os.waitstatus_to_exitcode(status)
        except ChildProcessError:
            return False

    def send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self.control.sendall(json.dumps(message).encode() + b"\n")


def become_subreaper() -> None:
    """Orphans below come to this process instead of init. Linux only; elsewhere only the group is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def filter_syscalls(program: bytes) -> None:
    """Keep system calls from this process and all that it starts. Raises OSError: without, nothing runs."""
    libc = ctypes.CDLL(None, use_errno=True)
    held = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of instructions, and where they are.
    described = struct.pack("HP", len(program) // 8, ctypes.addressof(held))
    for words in ((PR_SET_NO_NEW_PRIVS, 1, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described)):
        if libc.prctl(*words, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "no filter of system calls")


def descendants(pid: int) -> list[int]:
    """All processes below `pid`, parents first."""
    found: list[int] = []
    todo = [pid]
    while todo:
        below = children(todo.pop())
        found += below
        todo += below
    return found


def children(pid: int) -> list[int]:
    """The direct children of `pid`, by all of its threads."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as stream:
                found += map(int, stream.read().split())
    return found


def private_bytes(pid: int) -> int:
    """Read how much memory a process has in use that it shares with no file and no other program."""
    try:
        with open(f"/proc/{pid}/statm") as stream:
            _, resident, shared, *_ = map(int, stream.read().split())
    except (OSError, ValueError):
        return 0
    return (resident - shared) * resource.getpagesize()


def is_exiting(pid: int) -> bool:
    """Whether a process is past all code of its own: a zombie, gone, or on its way there (PF_EXITING)."""
    try:
        with open(f"/proc/{pid}/stat") as stream:
            fields = stream.read().rpartition(")")[2].split()
    except OSError:
        return True
    return fields[0] in "ZX" or bool(int(fields[6]) & PF_EXITING)


def send_signal(pid: int, number: int) -> None:
    """Signal a process that may be gone."""
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def set_limit(limit: int, value: int) -> None:
    """Lower a limit, soft and hard; one that is lower already stays."""
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(limit, (value, value))


def threads_of_user() -> int:
    """How many threads the user has now: RLIMIT_NPROC counts those of the whole user, not of one command."""
    count = 0
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                    count += len(os.listdir(f"/proc/{name}/task"))
    return count


if __name__ == "__main__":
    main()
