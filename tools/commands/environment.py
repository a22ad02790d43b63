"""Makes the environment of commands: a list of what may pass, never a list of what may not. Pure.

Keys, SECRET_KEY and the database's address are in the server's environment; no name of theirs is on the list.
"""

from __future__ import annotations

from collections.abc import Mapping

from tools.commands.git_hardening import ENVIRONMENT as GIT_ENVIRONMENT
from tools.commands.git_hardening import NO_FSMONITOR, NO_HOOKS, NO_IMPLICIT_BARE_REPOSITORY, config_variables

_ALLOWED = frozenset(
    """PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR XDG_CACHE_HOME XDG_RUNTIME_DIR
    JAVA_HOME GOPATH GOROOT CARGO_HOME RUSTUP_HOME NVM_DIR PNPM_HOME PYENV_ROOT BUN_INSTALL VOLTA_HOME
    SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NO_PROXY no_proxy""".split()
)
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")

# No colours, pagers, editors or questions: nobody sits at this terminal.
_FIXED = {
    "TERM": "dumb",
    "NO_COLOR": "1",
    "CI": "1",
    "PAGER": "cat",
    "EDITOR": "true",
    "PYTHONUNBUFFERED": "1",
    "DEBIAN_FRONTEND": "noninteractive",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "true",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    # A directory that looks like a bare repository may bring a config that runs programs at `git status`. So does a
    # repository's own fsmonitor; and git's daemon of that name would not outlive the command.
    **config_variables([NO_IMPLICIT_BARE_REPOSITORY, NO_FSMONITOR]),
}
# For a git that only reads: it may still write its index down, for which there is a hook, and fetch what a partial
# clone lacks, over a program of the repository's choice.
ONLY_READS = GIT_ENVIRONMENT | config_variables([NO_IMPLICIT_BARE_REPOSITORY, NO_FSMONITOR, NO_HOOKS])


def command_environment(server: Mapping[str, str], extra: Mapping[str, str], own_bin: str = "") -> dict[str, str]:
    """Gives a command the allowed part of the server's variables, the fixed ones, then the project's `extra`.

    `own_bin` is the directory of BooCode's own Python: it goes to the end of PATH, so that `python` and `pip` mean
    the project's.
    """
    found = {name: value for name, value in server.items() if name in _ALLOWED or name.startswith("LC_")}
    # A proxy's address may carry a password.
    found |= {name: server[name] for name in _PROXIES if name in server and "@" not in server[name]}
    found["PATH"] = _search_path(found.get("PATH", ""), own_bin)
    found.setdefault("LANG", "C.UTF-8")
    return found | _FIXED | dict(extra)


def _search_path(path: str, own_bin: str) -> str:
    entries = [entry for entry in path.split(":") if entry.startswith("/")] or ["/usr/local/bin", "/usr/bin", "/bin"]
    first = [entry for entry in entries if entry.rstrip("/") != own_bin]
    return ":".join([*first, own_bin] if own_bin else first)
