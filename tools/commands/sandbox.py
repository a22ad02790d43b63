"""Where bubblewrap is installed and works, commands see the project, the system's programs, toolchains and package
caches, and nothing else of the disk; no process but their own; and no network unless the project allows it. What tells
git which programs to run, as it would outside when the person uses it, they can read and not write.

The rest is not there for them: the person's home with its keys, BooCode's data, the server's /proc/<pid>/environ, the
sockets below /run. Temporary directories are their own and empty.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from tools.commands.output_capture import Capture
from tools.commands.processes import End
from tools.commands.run import Outcome
from tools.errors import ToolError

RESOLVER = "/etc/resolv.conf"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
Mode = Literal["auto", "on", "off"]

_TRY_S = 5.0
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix", "/snap", "/home/linuxbrew")
# Read-only, below the home.
_TOOLCHAINS = """.asdf .bun/bin .deno/bin .jenv .nvm .pyenv .rbenv .rustup .rye .sdkman .volta .config/git .gitconfig
    .local/lib .local/pipx .local/share/mise .local/share/pipx .local/share/pnpm .local/share/uv .cargo/bin
    .cargo/config.toml go/bin""".split()
# These are written to. They are shared with the person's other projects, as without a sandbox; the files beside them
# that hold tokens (.npmrc, .cargo/credentials, .m2/settings.xml) stay hidden.
_CACHES = """.bun/install/cache .cache/bazel .cache/deno .cache/go-build .cache/ms-playwright .cache/node
    .cache/node-gyp .cache/pip .cache/pnpm .cache/uv .cache/yarn .cargo/git .cargo/registry .gradle/caches
    .gradle/wrapper .ivy2/cache .local/share/pnpm/store .m2/repository .npm .nuget/packages .yarn/berry
    go/pkg""".split()
_HOMES_OF_TOOLS = ("GOROOT", "JAVA_HOME", "NVM_DIR", "PNPM_HOME", "PYENV_ROOT", "RUSTUP_HOME", "VOLTA_HOME")
_KERNEL_SETTINGS = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs")
_KERNEL_SECRETS = ("/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/timer_list", "/proc/sched_debug")
_SIGNALS = {signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGXCPU, signal.SIGXFSZ}
_BESIDE_BIN = ("lib", "lib64", "libexec", "include")


@dataclass(frozen=True)
class Sandbox:
    """`hidden` are directories that commands must not see even where they lie in the project. `missing` says why there
    is none, where nothing may run without."""

    network: bool = False
    hidden: tuple[str, ...] = ()
    missing: str = ""

    def wrap(
        self,
        argv: Sequence[str],
        root: str,
        directory: str,
        environment: Mapping[str, str],
        covers: Sequence[str] = (),
    ) -> list[str]:
        """Makes the command line that runs `argv` inside, in `directory` (an absolute path in `root`). `covers` are
        bubblewrap's words for what lies over the root (see `repositories`). Raises ToolError."""
        if self.missing:
            raise ToolError(
                f"Commands may run in a sandbox only (BOOCODE_SANDBOX=on), and there is none: {self.missing}"
            )
        path, home = environment.get("PATH", ""), environment.get("HOME", "")
        tools = tuple(environment[name] for name in _HOMES_OF_TOOLS if name in environment)
        places = _places(root, path, home, tools, self.hidden)
        network = _resolver() if self.network else ("--unshare-net",)
        inside = (*_NAMESPACES, *_capabilities(), *places, *covers, *network, *_CLOSED)
        return [find_bubblewrap() or "bwrap", *inside, "--chdir", directory, "--", *argv]


_NAMESPACES = (
    *("--die-with-parent", "--unshare-user-try", "--unshare-pid", "--unshare-ipc", "--unshare-uts"),
    "--unshare-cgroup-try",
)
# What is left of the memory that holds bubblewrap's own directories.
_CLOSED = ("--remount-ro", "/dev", "--remount-ro", "/")
# What root may do with files, as it does in a container. CAP_SYS_ADMIN above all is not here.
_OF_ROOT = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID")


def _capabilities() -> tuple[str, ...]:
    """Bubblewrap leaves root all its capabilities: it could take off every cover and make /usr writable again. Users
    have none inside anyhow."""
    if os.geteuid() != 0:
        return ()
    return ("--cap-drop", "ALL", *(word for name in _OF_ROOT for word in ("--cap-add", name)))


def _resolver() -> tuple[str, ...]:
    """Where systemd looks after /etc/resolv.conf, it is a link into /run: names would not be found without."""
    real = os.path.realpath(RESOLVER)
    return ("--ro-bind-try", real, real) if real != RESOLVER else ()


def choose(mode: Mode, *, network: bool, hidden: Iterable[str | Path] = ()) -> Sandbox | None:
    """Chooses the sandbox for a project's commands; None where they run without."""
    if mode == "off" or (mode == "auto" and explain_absence() is not None):
        return None
    return Sandbox(network, tuple(os.path.realpath(path) for path in hidden), explain_absence() or "")


@cache
def find_bubblewrap() -> str | None:
    """Finds bubblewrap; None where it is not installed. PATH is not asked: the project may be on it."""
    return shutil.which("bwrap", path=SYSTEM_PATH)


@cache
def explain_absence() -> str | None:
    """Says why there is no sandbox on this machine; None where there is one. Tried once: it takes some milliseconds."""
    path = find_bubblewrap()
    if path is None:
        return "bubblewrap (bwrap) is not installed."
    environment = {"PATH": SYSTEM_PATH}
    argv = Sandbox().wrap(["true"], "/usr", "/usr", environment)
    try:
        # A session of its own: what bubblewrap leaves to init for a moment is not the server's.
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=_TRY_S, env=environment, start_new_session=True
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not run ({error})."
    return None if done.returncode == 0 else f"bubblewrap does not work here ({done.stderr.strip()[:200]})."


@lru_cache(maxsize=64)
def _places(root: str, path: str, home: str, tools: tuple[str, ...], hidden: tuple[str, ...]) -> tuple[str, ...]:
    """What of the disk is there. Later places cover earlier ones."""
    found: list[str] = []
    for place in _SYSTEM:
        if os.path.islink(place):
            found += ("--symlink", os.readlink(place), place)
        elif os.path.isdir(place):
            found += ("--ro-bind", place, place)
    found += _etc()
    found += ("--proc", "/proc", *_kernel_settings(), "--dev", "/dev", *_memory("/dev/shm"))  # noqa: S108
    found += (*_memory("/tmp"), "--symlink", "../tmp", "/var/tmp")  # noqa: S108
    readable, writable = _of_toolchains(path, home, tools, root)
    if os.path.isabs(home) and home != "/":
        found += _memory(home)
    for place in readable:
        found += ("--ro-bind-try", place, place)
    for place in writable:
        found += ("--bind-try", place, place)
    found += ("--bind", root, root)
    open_places = (root, *readable, *writable)
    for place in hidden:
        if any(_is_below(place, above) for above in open_places) and os.path.isdir(place):
            found += ("--tmpfs", place, "--remount-ro", place)
    return tuple(found)


def _memory(place: str) -> tuple[str, ...]:
    """Makes a directory in memory: an eighth of the machine's, 2 GiB at most. Without a size it could take half."""
    size = min(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 8, 2 * 1024**3)
    return ("--size", str(size), "--tmpfs", place)


def _kernel_settings() -> tuple[str, ...]:
    """Closes to root what changes the machine's kernel, as container runtimes do."""
    if os.geteuid() != 0:
        return ()
    read_only = [word for place in _KERNEL_SETTINGS if os.path.exists(place) for word in ("--ro-bind", place, place)]
    hidden = [word for place in _KERNEL_SECRETS if os.path.exists(place) for word in ("--ro-bind", "/dev/null", place)]
    return (*read_only, *hidden)


@cache
def _etc() -> tuple[str, ...]:
    """All of /etc, and for root, who may read everything, covers over what others may not."""
    found = ["--ro-bind", "/etc", "/etc"]
    if os.geteuid() == 0:
        for above, directories, files in os.walk("/etc"):
            for name in (*directories, *files):
                place = os.path.join(above, name)
                status = os.lstat(place)
                if not stat.S_ISLNK(status.st_mode) and not status.st_mode & stat.S_IROTH and status.st_size:
                    found += ("--tmpfs", place) if name in directories else ("--ro-bind", "/dev/null", place)
            directories[:] = [name for name in directories if os.stat(os.path.join(above, name)).st_mode & stat.S_IROTH]
    return tuple(found)


def _of_toolchains(path: str, home: str, tools: Sequence[str], root: str) -> tuple[list[str], list[str]]:
    """Directories to read and directories to write, without those that are there anyhow."""
    readable = {sys.prefix, sys.base_prefix, *tools}
    for entry in path.split(":"):
        # Links on PATH lead to where the programs are.
        for bin_dir in {entry, os.path.realpath(entry)} if entry.startswith("/") else ():
            readable.add(bin_dir)
            above, name = os.path.split(bin_dir.rstrip("/"))
            if name == "bin":
                readable |= {os.path.join(above, beside) for beside in _BESIDE_BIN}
            elif (os.path.basename(above), name) == ("node_modules", ".bin"):
                readable.add(above)
    writable = set()
    if os.path.isabs(home) and home != "/":
        readable |= {os.path.join(home, name) for name in _TOOLCHAINS}
        writable = {os.path.join(home, name) for name in _CACHES}
    return _useful(readable, home, root), _useful(writable, home, root)


def _useful(places: set[str], home: str, root: str) -> list[str]:
    """What exists, is not there anyhow and shows not too much. Each mount costs time: none within another."""
    too_much = {"", "/", "/home", home, os.path.join(home, ".local"), os.path.join(home, ".cargo")}
    found: list[str] = []
    for place in sorted(places - too_much):
        if os.path.exists(place) and not any(_is_below(place, above) for above in (*_SYSTEM, root, *found)):
            found.append(place)
    return found


def _is_below(place: str, directory: str) -> bool:
    return place == directory or place.startswith(directory.rstrip("/") + "/")


_NOT_WRITTEN = re.compile(r"\.git\b.*(Read-only file system|Device or resource busy)")


def explain_failure(output: str) -> str:
    """Says what the model has to know of the sandbox to understand why its command failed; mostly nothing."""
    if _NOT_WRITTEN.search(output):
        return " Commands can't change .git/config or .git/hooks here: ask the person to do it."
    return ""


_NOT_EXECUTED = re.compile(r"bwrap: execvp [^\n]*: ([^:\n]+)\n?$")
_NUMBERS = {
    os.strerror(number): number for number in (errno.ENOENT, errno.EACCES, errno.ENOEXEC, errno.E2BIG, errno.ENOTDIR)
}


def unwrap(outcome: Outcome) -> Outcome:
    """Tells how the command in the sandbox ended, as if there were none: a program that could not be started, a
    signal."""
    end = outcome.end
    if end.exit_code == 1 and (match := _NOT_EXECUTED.match(outcome.capture.text())):
        # What it said is bubblewrap's own, and not the command's.
        return replace(outcome, end=End(None, failure=_NUMBERS.get(match[1], errno.ENOENT)), capture=Capture())
    if end.exit_code is not None and end.exit_code - 128 in _SIGNALS:
        # As a shell does, bubblewrap tells of a signal by an exit status.
        end = replace(end, exit_code=128 - end.exit_code)
    return replace(outcome, end=end)
